"""What operators are told of a server's work: counts and rates, from what its workers measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from http import HTTPStatus
from time import time
from typing import Any, Final

from knowalledge_api.metrics import table
from knowalledge_api.metrics.exposition import Labelled, by_name
from knowalledge_api.metrics.files import Gathered

POOL: Final = {
    "size": table.POOL_SIZE,
    "open": table.POOL_OPEN,
    "in_use": table.POOL_IN_USE,
    "idle": table.POOL_IDLE,
    "overflow": table.POOL_OVERFLOW,
    "waiting": table.POOL_WAITING,
    "checkouts": table.POOL_CHECKOUTS,
    "timeouts": table.POOL_TIMEOUTS,
}
MILLISECONDS: Final = 1000

Numbers = Mapping[str, Labelled]


def statistics(
    gathered: Gathered, *, limited: bool, clock: Callable[[], float] = time
) -> dict[str, Any]:
    """All that was counted since the server started; an error is an answer of 500 or above.

    `limited` tells whether requests are limited at all.
    """
    numbers = by_name(gathered)
    requests = numbers.get(table.REQUESTS.name, {})
    total = sum(requests.values())
    errors = sum(count for labels, count in requests.items() if _is_error(labels))
    uptime = max(0.0, clock() - gathered.since)
    refused = numbers.get(table.LIMITED.name, {})
    return {
        "cache": _cache(numbers),
        "total_requests": round(total),
        "requests_per_second": round(total / uptime, 3) if uptime else 0.0,
        "error_rate_percent": _percent(errors, total),
        "error_count": round(errors),
        "uptime_formatted": str(timedelta(seconds=int(uptime))),
        "endpoints": _endpoints(numbers),
        "status_codes": _status_codes(requests),
        "rate_limits": {
            "enabled": limited,
            "refused": {kind: round(count) for (kind,), count in sorted(refused.items())},
        },
        "pool": {
            name: round(numbers.get(series.name, {}).get((), 0)) for name, series in POOL.items()
        },
    }


def _cache(numbers: Numbers) -> dict[str, Any]:
    asked = numbers.get(table.CACHE.name, {})
    hits, misses = (
        sum(count for (_, outcome), count in asked.items() if outcome == wanted)
        for wanted in ("hit", "miss")
    )
    return {
        "hits": round(hits),
        "misses": round(misses),
        "hit_rate_percent": _percent(hits, hits + misses),
    }


def _endpoints(numbers: Numbers) -> dict[str, dict[str, Any]]:
    """Requests, errors and the mean time of each route."""
    found: dict[str, dict[str, Any]] = {}
    seconds = numbers.get(f"{table.DURATION.name}_sum", {})
    for labels, count in sorted(numbers.get(table.REQUESTS.name, {}).items()):
        row = found.setdefault(labels[1], {"requests": 0, "errors": 0, "average_ms": 0.0})
        row["requests"] += round(count)
        row["errors"] += round(count) if _is_error(labels) else 0
    for route, row in found.items():
        mean = seconds.get((route,), 0.0) / row["requests"]
        row["average_ms"] = round(mean * MILLISECONDS, 3)
    return found


def _status_codes(requests: Labelled) -> dict[str, int]:
    codes: dict[str, int] = {}
    for (_, _, status), count in sorted(requests.items(), key=lambda row: row[0][2]):
        codes[status] = codes.get(status, 0) + round(count)
    return codes


def _is_error(labels: tuple[str, ...]) -> bool:
    return int(labels[2]) >= HTTPStatus.INTERNAL_SERVER_ERROR


def _percent(part: float, whole: float) -> float:
    return round(100 * part / whole, 2) if whole else 0.0
