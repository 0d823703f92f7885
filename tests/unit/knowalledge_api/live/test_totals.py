"""The sums over all workers."""

from __future__ import annotations

from typing import Any

from knowalledge_api.live.totals import everyone, pool_total, total


def pool(**values: float) -> dict[str, Any]:
    names = ("size", "open", "in_use", "idle", "overflow", "waiting", "checkouts", "timeouts")
    waits = ("oldest_wait_ms", "worst_wait_ms", "mean_wait_ms")
    return {**dict.fromkeys(names, 1), **dict.fromkeys(waits, 0.0), "holders": [], **values}


def worker(**values: Any) -> dict[str, Any]:
    return {
        "threads": {"busy": 1, "total": 4},
        "in_flight": 1,
        "requests": 10,
        "stuck": 0,
        "rss_bytes": 100,
        "pool": None,
        **values,
    }


def test_numbers_are_added_up() -> None:
    sums = total([worker(pool=pool()), worker(stuck=2, rss_bytes=None, pool=pool(in_use=3))])
    assert (sums["workers"], sums["threads"]) == (2, {"busy": 2, "total": 8})
    assert (sums["in_flight"], sums["requests"], sums["stuck"]) == (2, 20, 2)
    assert sums["rss_bytes"] == 100
    assert (sums["pool"]["size"], sums["pool"]["in_use"]) == (2, 4)


def test_of_waits_the_longest_counts_and_the_mean_is_that_of_all_checkouts() -> None:
    sums = pool_total(
        [
            pool(checkouts=3, timeouts=0, mean_wait_ms=10.0, oldest_wait_ms=5.0),
            pool(checkouts=0, timeouts=1, mean_wait_ms=50.0, worst_wait_ms=50.0),
        ]
    )
    assert (sums["oldest_wait_ms"], sums["worst_wait_ms"], sums["mean_wait_ms"]) == (
        5.0,
        50.0,
        20.0,
    )


def test_nobody_sums_up_to_nothing() -> None:
    sums = total([])
    assert (sums["workers"], sums["threads"]["total"], sums["pool"]["size"]) == (0, 0, 0)
    assert (sums["pool"]["mean_wait_ms"], sums["pool"]["worst_wait_ms"]) == (0.0, 0.0)


def test_a_silent_worker_is_listed_and_counts_for_nothing() -> None:
    silent = {"pid": 7, "generation": 1, "state": "silent"}
    answer = everyone([worker(), silent])
    assert answer["workers"][1] == silent
    assert answer["total"]["workers"] == 1
