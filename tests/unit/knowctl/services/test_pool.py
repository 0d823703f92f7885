from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from knowctl.errors import ErrorCode, KnowctlError
from knowctl.model.live import Silent, Supervision, Workers
from knowctl.model.pool import Budget, DatabaseShare, Sizes
from knowctl.probes import answers
from knowctl.services import pool
from tests.support import fake_server

SIZES = Sizes(threads=8, workers=5, size=10, overflow=20, replicas=1, surge=1)
SHARE = DatabaseShare(6, 4, 3, 100, 3, "application name")
ONE = answers.worker(fake_server.state(4301))
OLD = answers.worker(fake_server.state(4200, generation=2))
SILENT = Silent(4302, 3, "x")
BOTH = Workers((ONE,), (SILENT,))


@dataclass
class FakeLive:
    """A server with these workers."""

    found: Workers = BOTH
    wanted: int = 2

    def supervision(self) -> Supervision:
        said = answers.supervision(fake_server.supervision())
        return replace(said, workers_wanted=self.wanted)

    def workers(self) -> Workers:
        return self.found


@dataclass
class FakeDatabase:
    """A database that counts so, or can't be asked."""

    counted: DatabaseShare | None = SHARE
    refused: bool = False

    def share(self, instance: str) -> DatabaseShare | None:
        assert instance == "5000"
        if self.refused:
            raise KnowctlError(ErrorCode.DATABASE, "fact", cause="refused", hint="start it")
        return self.counted


def test_pools_are_held_against_the_databases_own_count() -> None:
    found = pool.stats(FakeLive(), FakeDatabase, SIZES)
    assert [(each.pid, each.generation, each.pool) for each in found.workers] == [
        (4301, 3, ONE.pool)
    ]
    assert (found.silent, found.server) == ((4302,), SHARE)
    assert found.budget == Budget(25, 2, 2, 1, 100, 94)


def test_a_database_that_keeps_no_list_or_can_not_be_asked_leaves_the_limit_open() -> None:
    without = pool.stats(FakeLive(), lambda: FakeDatabase(None), SIZES)
    assert (without.server, without.budget.limit) == (pool.NO_LIST, None)
    silent = pool.stats(FakeLive(), lambda: FakeDatabase(refused=True), SIZES)
    assert (silent.server, silent.budget.fits) == ("refused", None)


def test_behind_a_pooler_the_databases_limit_is_not_ours() -> None:
    pooled = replace(SHARE, pooled=True)
    assert pool.stats(FakeLive(), lambda: FakeDatabase(pooled), SIZES).budget.limit is None


def test_settings_that_can_not_be_used_are_a_cause() -> None:
    def broken() -> FakeDatabase:
        raise KnowctlError(ErrorCode.CONFIGURATION, "fact", cause="PORT: x", hint="mend it")

    assert pool.stats(FakeLive(), broken, SIZES).server == "PORT: x"


def test_a_server_elsewhere_tells_its_pools_and_its_database_is_not_asked() -> None:
    found = pool.remote(FakeLive(Workers((ONE, OLD))), SIZES)
    assert found.server == pool.ELSEWHERE
    assert found.budget == Budget(25, 1, 2, 1, 50, None)


@pytest.mark.parametrize(
    ("changed", "per_worker", "at_once"),
    [
        ({}, 25, 2),
        ({"overflow": 5}, 15, 2),
        ({"replicas": 3}, 25, 4),
        ({"replicas": 1, "surge": 0}, 25, 2),
        ({"replicas": 2, "surge": 0}, 25, 2),
    ],
)
def test_the_budget_is_servers_at_once_by_workers_by_connections(
    changed: dict[str, int], per_worker: int, at_once: int
) -> None:
    found = pool.budget(Workers((ONE,)), replace(SIZES, **changed), 4, 10)
    assert (found.per_worker, found.generations) == (per_worker, at_once)
    assert found.peak == at_once * 4 * per_worker


def test_where_no_worker_tells_the_settings_do() -> None:
    found = pool.budget(Workers(()), SIZES, None, None)
    assert (found.per_worker, found.workers) == (9, 5)
