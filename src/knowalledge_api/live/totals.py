"""The sums over all workers of a server."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

SUMS: Final = ("in_flight", "requests", "stuck")
POOL_SUMS: Final = (
    *("size", "open", "in_use", "idle", "overflow", "waiting", "checkouts", "timeouts"),
)
POOL_WORST: Final = ("oldest_wait_ms", "worst_wait_ms")

State = Mapping[str, Any]


def everyone(workers: Sequence[State]) -> dict[str, Any]:
    """The workers and their sums; those that are silent count for nothing."""
    return {"workers": list(workers), "total": total(workers)}


def total(workers: Iterable[State]) -> dict[str, Any]:
    """Sums over the workers that answered."""
    heard = [worker for worker in workers if "threads" in worker]
    return {
        "workers": len(heard),
        "threads": {
            name: sum(worker["threads"][name] for worker in heard) for name in ("busy", "total")
        },
        **{name: sum(worker[name] for worker in heard) for name in SUMS},
        "rss_bytes": sum(worker["rss_bytes"] or 0 for worker in heard),
        "pool": pool_total([worker["pool"] for worker in heard if worker["pool"]]),
    }


def pool_total(pools: Sequence[State]) -> dict[str, Any]:
    """Sums over pools, the longest waits, and the mean over all of their checkouts."""
    asked = [pool["checkouts"] + pool["timeouts"] for pool in pools]
    waited = sum(pool["mean_wait_ms"] * times for pool, times in zip(pools, asked, strict=True))
    return {
        **{name: sum(pool[name] for pool in pools) for name in POOL_SUMS},
        **{name: max((pool[name] for pool in pools), default=0.0) for name in POOL_WORST},
        "mean_wait_ms": round(waited / sum(asked), 3) if sum(asked) else 0.0,
    }
