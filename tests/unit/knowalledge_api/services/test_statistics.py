"""What operators are told of a server's work."""

from __future__ import annotations

from typing import Any

from knowalledge_api.metrics import table
from knowalledge_api.metrics.files import Gathered
from knowalledge_api.metrics.recording import LabelledCounter, Recorder
from knowalledge_api.metrics.table import key_of
from knowalledge_api.services.statistics import statistics

EMPTY = Gathered({}, 1, 100.0)


def told(gathered: Gathered, uptime: float = 200.0) -> dict[str, Any]:
    return statistics(gathered, limited=True, clock=lambda: gathered.since + uptime)


def test_a_server_that_nobody_asked_has_no_rates() -> None:
    found = told(EMPTY, 0.0)
    assert (found["total_requests"], found["requests_per_second"]) == (0, 0.0)
    assert (found["error_count"], found["error_rate_percent"]) == (0, 0.0)
    assert found["cache"] == {"hits": 0, "misses": 0, "hit_rate_percent": 0.0}
    assert (found["endpoints"], found["status_codes"]) == ({}, {})
    assert found["rate_limits"] == {"enabled": True, "refused": {}}
    assert set(found["pool"].values()) == {0}


def test_requests_are_told_by_route_and_by_status() -> None:
    recorder = Recorder()
    for method, route, status, seconds in (
        ("GET", "/a", 200, 0.1),
        ("POST", "/a", 503, 0.3),
        ("GET", "/b", 404, 0.1),
        ("GET", "/b", 200, 0.1),
    ):
        recorder.observe(method, route, status, seconds, 0, 0)
    found = told(recorder.gather())
    assert (found["total_requests"], found["requests_per_second"]) == (4, 0.02)
    assert (found["error_count"], found["error_rate_percent"]) == (1, 25.0)
    assert found["status_codes"] == {"200": 2, "404": 1, "503": 1}
    assert found["endpoints"] == {
        "/a": {"requests": 2, "errors": 1, "average_ms": 200.0},
        "/b": {"requests": 2, "errors": 0, "average_ms": 100.0},
    }


def test_cache_and_limits_are_added_up_over_their_labels() -> None:
    recorder = Recorder()
    cache = LabelledCounter(table.CACHE, recorder)
    cache.labels("subtopics", "hit").inc(2)
    cache.labels("quiz", "hit").inc()
    cache.labels("quiz", "miss").inc()
    LabelledCounter(table.LIMITED, recorder).labels("login").inc(4)
    found = told(recorder.gather())
    assert found["cache"] == {"hits": 3, "misses": 1, "hit_rate_percent": 75.0}
    assert found["rate_limits"]["refused"] == {"login": 4}


def test_the_pool_is_that_of_all_workers() -> None:
    numbers = {key_of(table.POOL_IN_USE.name): 7.0, key_of(table.POOL_WAITING.name): 1.0}
    found = told(Gathered(numbers, 2, 0.0))
    assert (found["pool"]["in_use"], found["pool"]["waiting"], found["pool"]["size"]) == (7, 1, 0)


def test_the_time_since_the_start_is_for_people() -> None:
    assert told(EMPTY, 90061.9)["uptime_formatted"] == "1 day, 1:01:01"
    assert told(EMPTY, -5.0)["uptime_formatted"] == "0:00:00", "a clock that was put back"
