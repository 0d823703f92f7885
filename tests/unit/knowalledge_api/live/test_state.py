"""The state of this process as others read it."""

from __future__ import annotations

import json
import os
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest

from knowalledge_api.cache import CacheState
from knowalledge_api.database.pool import Holder, PoolState
from knowalledge_api.generation import Generation
from knowalledge_api.live.requests import Requests
from knowalledge_api.live.state import Readings, Serving
from knowalledge_api.providers.breaker import FAILURES, AiBreaker
from knowalledge_api.providers.capacity import Capacity
from knowalledge_api.providers.choice import Ai
from knowalledge_api.providers.faults import AiError, Fault
from knowalledge_api.stores.store import Mode
from tests.support.live import Request

HOLDER = Holder("/api/progress", "id-1", 12.5, "worker-1")
SCRIPT = Holder(None, "", 99.0, "background")
POOL = PoolState(10, 2, 2, 0, 0, 1, 3.0, 40, 1, 0.5, 9.0, (HOLDER, SCRIPT))


@dataclass
class Database:
    pool: PoolState | None

    def pool_state(self) -> PoolState | None:
        return self.pool


class Cache:
    def stats(self) -> CacheState:
        return CacheState(Mode.MEMORY, 1.5, "Redis is gone", 4, hits=3, misses=2, size=1)

    def forget(self, namespace: str | None) -> int:
        raise AssertionError(namespace)


def readings(requests: Requests, pool: PoolState | None = None) -> Readings:
    return Readings(requests, Database(pool), Cache())


def test_the_ai_is_told_as_it_is() -> None:
    ai = Ai("gemini", Capacity(12), AiBreaker(clock=lambda: 7.0))
    for _ in range(FAILURES):
        with pytest.raises(AiError), ai.breaker.guard():
            raise AiError(Fault.TIMEOUT)
    with ai.capacity.place():
        told = Readings(Requests(), Database(None), Cache(), ai).state(Serving("x", 1), 0)["ai"]
    assert json.loads(json.dumps(told)) == {
        "name": "gemini",
        "busy": 1,
        "total": 12,
        "state": "open",
        "since": 7.0,
        "opened": 1,
        "why": "timeout",
    }
    assert readings(Requests()).state(Serving("x", 1), 0)["ai"] is None


def test_a_process_that_serves_nobody() -> None:
    told = readings(Requests()).state(Serving("gunicorn", 24, started=0.0), 0)
    assert (told["pid"], told["generation"], told["server"]) == (os.getpid(), 0, "gunicorn")
    assert (told["started"], told["state"], told["stuck"]) == (0.0, "serving", 0)
    assert told["age_s"] > 1e9
    assert told["threads"] == {"busy": 0, "total": 24}
    assert (told["in_flight"], told["requests"], told["inflight"]) == (0, 0, [])
    assert (told["p50_ms"], told["p99_ms"], told["pool"]) == (None, None, None)
    assert told["cache"] == {
        "mode": "memory",
        "since": 1.5,
        "why": "Redis is gone",
        "degradations": 4,
        "hits": 3,
        "misses": 2,
        "size": 1,
    }
    assert told["rss_bytes"]


def test_a_request_in_flight_is_told_without_its_path() -> None:
    requests = Requests()
    requests.enter(Request())
    requests.enter(Request(id="id-2", route=None, thread=-1))
    told = readings(requests, POOL).state(Serving("waitress", 4), 7)
    assert (told["threads"]["busy"], told["in_flight"], told["stuck"]) == (2, 2, 7)
    first, second = told["inflight"]
    assert first["age_ms"] > second["age_ms"] > 0
    assert {**first, "age_ms": 0} == {
        "id": "id-1",
        "method": "GET",
        "route": "/api/progress",
        "user": None,
        "address": "192.0.2.1",
        "age_ms": 0,
        "thread": threading.current_thread().name,
        "connection_held_ms": 12.5,
    }
    assert (second["thread"], second["connection_held_ms"]) == ("-1", None)


def test_the_pool_is_told_in_full() -> None:
    told = json.loads(json.dumps(readings(Requests(), POOL).state(Serving("gunicorn", 4), 0)))
    assert told["pool"] == {
        "size": 10,
        "open": 2,
        "in_use": 2,
        "idle": 0,
        "overflow": 0,
        "waiting": 1,
        "oldest_wait_ms": 3.0,
        "checkouts": 40,
        "timeouts": 1,
        "mean_wait_ms": 0.5,
        "worst_wait_ms": 9.0,
        "holders": [
            {
                "route": "/api/progress",
                "request_id": "id-1",
                "since_ms": 12.5,
                "thread": "worker-1",
            },
            {"route": None, "request_id": "", "since_ms": 99.0, "thread": "background"},
        ],
    }


@pytest.mark.parametrize(("open_", "phase"), [(False, "waiting"), (True, "serving")])
def test_before_the_gate_opens_a_process_waits(tmp_path: Path, open_: bool, phase: str) -> None:
    gate, opener = os.pipe()
    if open_:
        os.write(opener, b"!")
    generation = Generation(3, tmp_path, gate, -1)
    told = readings(Requests()).state(Serving("gunicorn", 4, generation), 0)
    assert (told["generation"], told["state"]) == (3, phase)
    os.close(gate)
    os.close(opener)


def test_who_has_stopped_accepting_retires() -> None:
    retiring = Serving("gunicorn", 4, retiring=lambda: True)
    assert readings(Requests()).state(retiring, 0)["state"] == "retiring"


def test_somebody_replaces_a_process_of_gunicorn_or_under_a_supervisor(tmp_path: Path) -> None:
    assert Serving("gunicorn", 4, master=1).is_replaced
    assert Serving("waitress", 4, Generation(1, tmp_path, 4, 5)).is_replaced
    assert not Serving("waitress", 4, Generation(1, tmp_path, -1, -1)).is_replaced
    assert not Serving("waitress", 4).is_replaced
