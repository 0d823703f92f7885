from __future__ import annotations

from dataclasses import replace

import pytest

from knowctl.model.pool import Budget, DatabaseShare, Holder, PoolStats, WorkerPool
from knowctl.probes import answers
from knowctl.render.style import Style
from knowctl.render.text import of_result
from tests.conftest import Golden
from tests.support import fake_server

ONE = answers.worker(fake_server.state(4301)).pool
BUSY = answers.worker(
    fake_server.state(
        4302,
        pool=fake_server.pool(
            open=30,
            in_use=30,
            idle=0,
            overflow=20,
            waiting=4,
            oldest_wait_ms=812.3,
            checkouts=1_234_567,
            timeouts=12,
            worst_wait_ms=1001.0,
        ),
    )
).pool
assert ONE is not None
ORPHAN = replace(ONE, holders=(Holder(None, "", 5.0, "MainThread"),))
SHARE = DatabaseShare(34, 4, 3, 100, 3, "application name")
STATS = PoolStats(
    (WorkerPool(4301, 3, ONE), WorkerPool(4302, 3, BUSY), WorkerPool(4303, 3, None)),
    SHARE,
    Budget(25, 3, 2, 1, 150, 94),
    (4304,),
)
FEW = replace(
    STATS,
    workers=(WorkerPool(4301, 3, ORPHAN),),
    server=replace(SHARE, reserved=0, pooled=True),
    budget=Budget(25, 1, 2, 1, 50, 97),
    silent=(),
)
NONE = replace(
    FEW,
    workers=(WorkerPool(4301, 3, None),),
    server="it keeps none",
    budget=Budget(25, 1, 2, 1, 50, None),
)


@pytest.mark.parametrize(("name", "stats"), [("full", STATS), ("pooler", FEW), ("unknown", NONE)])
def test_pools_read_as_they_should(golden: Golden, name: str, stats: PoolStats) -> None:
    text = of_result(stats, Style())
    golden(f"{text}\n", f"live/pool-{name}.txt")
    assert max(map(len, text.splitlines())) <= 80
    assert of_result(stats, Style(unicode=False)).isascii()


def test_a_budget_that_does_not_fit_is_yellow_and_says_what_to_change() -> None:
    text = of_result(STATS, Style(color=True))
    assert "\x1b[33m!\x1b[0m budget" in text
    assert "DB_POOL_SIZE" in text
