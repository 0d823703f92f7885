from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from knowctl.model.pool import (
    Budget,
    DatabaseShare,
    HeldBy,
    Holder,
    Pool,
    PoolStats,
    WorkerPool,
    summed,
)

HOLDERS = (Holder("/a", "r1", 30.0, "t1"), Holder("/b", "r2", 10.0, "t2"))
ONE = Pool(10, 3, 2, 1, 0, 1, 5.0, 30, 0, 1.0, 9.0, HOLDERS)
TWO = Pool(10, 5, 4, 1, 2, 3, 7.0, 8, 2, 4.0, 6.0, (Holder("/b", "r3", 20.0, "t1"),))
SHARE = DatabaseShare(8, 4, 3, 100, 3, "application name")
BUDGET = Budget(25, 2, 2, 1, 100, 94)


def stats(*pools: Pool | None, server: DatabaseShare | str = SHARE) -> PoolStats:
    workers = tuple(WorkerPool(pid, 3, each) for pid, each in enumerate(pools, 1))
    return PoolStats(workers, server, BUDGET, (9,))


def data(found: PoolStats) -> dict[str, Any]:
    assert isinstance(found.data, dict)
    return found.data


def test_the_sum_of_pools_has_their_counts_the_worst_waits_and_the_mean_of_all_checkouts() -> None:
    found = summed([ONE, TWO])
    assert found is not None
    assert replace(found, holders=()) == Pool(20, 8, 6, 2, 2, 4, 7.0, 38, 2, 1.75, 9.0)
    assert [each.request_id for each in found.holders] == ["r1", "r3", "r2"]


def test_pools_that_were_never_asked_have_waited_for_nothing() -> None:
    found = summed([replace(ONE, checkouts=0)])
    assert found is not None
    assert found.mean_wait_ms == 0.0
    assert summed([]) is None


def test_holders_are_told_by_endpoint_the_one_with_the_oldest_first() -> None:
    assert stats(ONE, None, TWO).holders == (
        HeldBy("/a", 1, 30.0, "r1", 1),
        HeldBy("/b", 2, 20.0, "r3", 3),
    )


def test_a_thread_without_a_request_is_a_holder_too() -> None:
    nameless = replace(ONE, holders=(Holder(None, "", 1.0, "t"), Holder(None, "", 2.0, "u")))
    assert stats(nameless).holders == (HeldBy(None, 2, 2.0, "", 1),)


def test_the_data_has_a_row_a_worker_and_what_is_not_known_is_null() -> None:
    found = data(stats(ONE, None))
    assert [(row["pid"], row["size"], row["in_use"]) for row in found["workers"]] == [
        (1, 10, 2),
        (2, None, None),
    ]
    assert found["total"] == ONE
    assert (found["server"], found["server_cause"], found["silent"]) == (SHARE, None, (9,))
    unknown = data(stats(server="refused"))
    assert (unknown["server"], unknown["server_cause"], unknown["total"]) == (None, "refused", None)


@pytest.mark.parametrize(("limit", "fits"), [(100, True), (99, False), (None, None)])
def test_a_budget_fits_or_not_or_nobody_knows(limit: int | None, fits: bool | None) -> None:
    found = replace(BUDGET, limit=limit)
    assert found.fits is fits
    assert found.data == {
        "per_worker": 25,
        "workers": 2,
        "generations": 2,
        "replicas": 1,
        "peak": 100,
        "limit": limit,
        "fits": fits,
    }
