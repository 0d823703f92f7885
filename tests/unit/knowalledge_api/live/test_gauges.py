"""What is measured by looking."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from knowalledge_api.database.pool import PoolState
from knowalledge_api.live.gauges import POOL, Gauges
from knowalledge_api.live.requests import Requests
from knowalledge_api.live.stuck import StuckWatch
from knowalledge_api.metrics import table
from knowalledge_api.metrics.recording import Recorder
from knowalledge_api.metrics.table import key_of
from knowalledge_api.providers.breaker import FAILURES, AiBreaker
from knowalledge_api.providers.capacity import Capacity
from knowalledge_api.providers.choice import Ai
from knowalledge_api.providers.faults import AiError, Fault
from tests.support.live import Request

REDIS = key_of(table.DEGRADED_NOW.name, "redis")
STATE = PoolState(10, 7, 4, 3, 2, 1, 3.0, 40, 5, 0.5, 9.0, ())


@dataclass
class Database:
    pool: PoolState | None

    def pool_state(self) -> PoolState | None:
        return self.pool


def look(
    pool: PoolState | None, *, degraded: bool = False, ai: Ai | None = None
) -> dict[str, float]:
    requests = Requests()
    requests.enter(Request())
    stuck = StuckWatch(requests, 1.0, threads=24, count=6)
    recorder = Recorder()
    Gauges(recorder, requests, Database(pool), stuck, lambda: degraded, ai).look()
    return dict(recorder.gather().numbers)


def test_the_ai_is_measured_where_there_is_one() -> None:
    ai = Ai("gemini", Capacity(12), AiBreaker())
    with ai.capacity.place(), ai.capacity.place():
        found = look(None, ai=ai)
    names = (table.AI_IN_FLIGHT.name, table.AI_CAPACITY.name, table.AI_BREAKER_OPEN.name)
    assert [found[name] for name in names] == [2, 12, 0]
    for _ in range(FAILURES):
        with pytest.raises(AiError), ai.breaker.guard():
            raise AiError(Fault.TIMEOUT)
    assert look(None, ai=ai)[table.AI_BREAKER_OPEN.name] == 1


def test_the_process_is_measured() -> None:
    found = look(None)
    assert found.pop(table.RESIDENT.name) > 1e6
    assert found.pop(REDIS) == 0
    assert found == {table.IN_FLIGHT.name: 1, table.THREADS.name: 24, table.STUCK.name: 6}


def test_what_has_given_way_is_seen() -> None:
    assert look(None, degraded=True)[REDIS] == 1


def test_the_pool_is_measured_where_there_is_one() -> None:
    found = look(STATE)
    assert [found[series.name] for series, _ in POOL] == [10, 7, 4, 3, 2, 1, 40, 5]
