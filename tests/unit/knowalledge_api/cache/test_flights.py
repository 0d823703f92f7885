"""Making the same thing once in this process."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from math import inf
from time import monotonic
from typing import Any

import pytest

from knowalledge_api.cache.flights import Flights
from tests.support.waiting import wait_for

LONG = 30.0


def _waiting_for(flights: Flights[Any], key: str) -> int:
    flight = flights._flights.get(key)
    return len(flight.done._cond._waiters) if flight else 0  # type: ignore[attr-defined]  # a deque


def test_many_who_want_the_same_have_it_made_once() -> None:
    flights: Flights[str] = Flights()
    made: list[int] = []
    go = threading.Event()

    def make() -> str:
        made.append(1)
        go.wait(LONG)
        return "it"

    with ThreadPoolExecutor(8) as threads:
        found = [threads.submit(flights.share, "a", make, inf) for _ in range(8)]
        wait_for("seven wait for one", lambda: _waiting_for(flights, "a") == 7, LONG)
        go.set()
        results = [each.result(LONG) for each in found]
    assert [value for value, _ in results] == ["it"] * 8
    assert sum(here for _, here in results) == len(made) == 1


def test_what_comes_later_is_made_anew_and_others_are_made_beside_it() -> None:
    flights: Flights[int] = Flights()
    assert flights.share("a", lambda: 1, inf) == (1, True)
    assert flights.share("a", lambda: flights.share("b", lambda: 2, inf)[0], inf) == (2, True)


def test_a_failure_is_everybodys_who_waited() -> None:
    flights: Flights[int] = Flights()
    begun, go = threading.Event(), threading.Event()

    def fail() -> int:
        begun.set()
        go.wait(LONG)
        raise LookupError("in vain")

    def never() -> int:
        raise AssertionError("it was made twice")

    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(flights.share, "a", fail, inf)
        begun.wait(LONG)
        second = threads.submit(flights.share, "a", never, inf)
        wait_for("the second waits", lambda: _waiting_for(flights, "a") == 1, LONG)
        go.set()
        for each in (first, second):
            with pytest.raises(LookupError, match="in vain"):
                each.result(LONG)
    assert flights.share("a", lambda: 1, inf) == (1, True)


def test_who_has_waited_in_vain_makes_it() -> None:
    flights: Flights[int] = Flights()
    soon = monotonic() + 0.01
    assert flights.share("a", lambda: flights.share("a", lambda: 2, soon)[0] + 1, inf) == (3, True)


def test_who_waited_for_one_that_was_ended_makes_it() -> None:
    flights: Flights[int] = Flights()
    begun, go = threading.Event(), threading.Event()

    def ended() -> int:
        begun.set()
        go.wait(LONG)
        raise SystemExit

    def first() -> None:
        with pytest.raises(SystemExit):
            flights.share("a", ended, inf)

    with ThreadPoolExecutor(2) as threads:
        threads.submit(first)
        begun.wait(LONG)
        second = threads.submit(flights.share, "a", lambda: 7, inf)
        wait_for("the second waits", lambda: _waiting_for(flights, "a") == 1, LONG)
        go.set()
        assert second.result(LONG) == (7, True)
