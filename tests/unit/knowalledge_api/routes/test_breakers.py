"""The circuit breakers by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from knowalledge_api.routes.breakers import AiBreakers, Breaker, RedisBreaker
from knowalledge_api.stores.store import Store
from tests.support.stores import FakeLinks

if TYPE_CHECKING:
    from knowalledge_api.live.process import Live


class Everyone:
    """The workers of a server, as one of them hears of them."""

    def __init__(self, *workers: dict[str, Any]) -> None:
        self.workers = workers
        self.resets = 0

    def everyone(self) -> dict[str, Any]:
        return {"workers": list(self.workers), "total": {}}

    def reset_everywhere(self) -> None:
        self.resets += 1


def worker(state: str, since: float, opened: int) -> dict[str, Any]:
    return {"pid": 1, "ai": {"state": state, "since": since, "opened": opened}}


def test_redis_is_open_while_memory_stands_in() -> None:
    links = FakeLinks()
    store = Store(links, clock=lambda: 7.0, beside=lambda _: None)
    breaker: Breaker = RedisBreaker(store)
    closed = {"state": "closed", "mode": "redis", "since": 7.0, "failures": 0}
    assert breaker.told() == closed
    links.broken = ConnectionError("the host and its port")
    breaker.look()
    assert breaker.told() == {"state": "open", "mode": "memory", "since": 7.0, "failures": 1}
    links.broken = None
    breaker.look()
    assert breaker.told() == {**closed, "failures": 1}


@pytest.mark.parametrize(
    ("workers", "told"),
    [
        ((), ("closed", 0.0, 0)),
        (({"pid": 1, "state": "silent"}, {"pid": 2, "ai": None}), ("closed", 0.0, 0)),
        ((worker("closed", 5, 0), worker("closed", 3, 1)), ("closed", 3, 1)),
        ((worker("closed", 1, 0), worker("half_open", 7, 2)), ("half_open", 7, 2)),
        (
            (worker("half_open", 1, 1), worker("open", 9, 2), worker("open", 8, 1)),
            ("open", 8, 4),
        ),
    ],
)
def test_of_all_workers_the_worst_is_told(
    workers: tuple[dict[str, Any], ...], told: tuple[str, float, int]
) -> None:
    breaker = AiBreakers(cast("Live", Everyone(*workers)))
    state, since, failures = told
    assert breaker.told() == {"state": state, "mode": None, "since": since, "failures": failures}


def test_every_worker_is_had_ask_again() -> None:
    everyone = Everyone()
    AiBreakers(cast("Live", everyone)).look()
    assert everyone.resets == 1
