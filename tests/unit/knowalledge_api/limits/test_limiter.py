"""Admits a request or refuses it."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowalledge_api.limits.limiter import Limiter
from knowalledge_api.limits.table import Table
from knowalledge_api.limits.windows import Rate
from knowalledge_api.stores.links import Command
from knowalledge_api.stores.store import Store
from tests.support.stores import LOST, FakeLinks, store_of

RATES = (Rate(10, 60), Rate(50, 3600))


class Clock:
    now = 1e9

    def __call__(self) -> float:
        return self.now


class Counting:
    """What the script does, in Python; integration tests hold the script itself to it."""

    def __init__(self) -> None:
        self.kept: dict[str, dict[int, tuple[int, int]]] = {}

    def __call__(self, command: Command) -> Any:
        if command[0] != "EVALSHA":
            return b"OK"
        key, argument = command[3:]
        now, *numbers = map(int, struct.unpack(f"<{len(argument) // 8}d", argument))
        subject, found, allowed = self.kept.setdefault(key, {}), [], 1
        for at in range(0, len(numbers), 5):
            length, limit, told, known, owed = numbers[at : at + 5]
            start, number = subject.get(length, (now, 0))
            if now >= start + length:
                start, number = now, 0
            if known + owed and now < told + length:
                start = told if not number or told < start else start
                number = max(number, known) + owed
            allowed = allowed and int(number < limit)
            found.append((length, start, number))
        answer = [allowed]
        for length, start, number in found:
            subject[length] = (start, number + allowed)
            answer += [start, number + allowed]
        return answer


@pytest.fixture
def table() -> Iterator[Table]:
    with closing(Table()) as table:
        yield table


def admitted(limiter: Limiter, times: int, who: str = "a") -> int:
    return sum(limiter.admit("general", who, RATES).allowed for _ in range(times))


def test_without_redis_memory_counts(table: Table) -> None:
    clock = Clock()
    limiter = Limiter(Store(None), table, clock)
    assert admitted(limiter, 20) == 10
    assert admitted(limiter, 20, "b") == 10
    assert limiter.admit("login", "a", RATES).allowed, "each kind counts by itself"
    clock.now += 60
    assert admitted(limiter, 20) == 10


def test_a_look_tells_of_what_is_used_up_and_counts_nothing(table: Table) -> None:
    clock = Clock()
    limiter = Limiter(Store(None), table, clock)
    for _ in range(20):
        assert limiter.spent("general", "a", RATES) is None
    assert admitted(limiter, 20) == 10
    told = limiter.spent("general", "a", RATES)
    assert told is not None
    assert (told.allowed, told.limit, told.retry_after) == (False, 10, 60)
    assert limiter.spent("general", "b", RATES) is None
    assert limiter.spent("login", "a", RATES) is None
    clock.now += 60
    assert limiter.spent("general", "a", RATES) is None
    assert admitted(limiter, 20) == 10


def test_a_look_goes_by_what_redis_has_told_and_asks_it_nothing(table: Table) -> None:
    links = FakeLinks(Counting())
    limiter = Limiter(store_of(links), table, Clock())
    assert admitted(limiter, 20) == 10
    asked = len(links.asked)
    assert limiter.spent("general", "a", RATES) is not None
    assert len(links.asked) == asked


def test_with_redis_all_servers_count_together(table: Table) -> None:
    redis = Counting()
    with closing(Table()) as elsewhere:
        here = Limiter(store_of(FakeLinks(redis)), table, Clock())
        there = Limiter(store_of(FakeLinks(redis)), elsewhere, Clock())
        assert sum(admitted(each, 1) for each in (here, there) * 20) == 10
        assert (here.admit("general", "a", RATES).remaining) == 0


def test_who_is_known_to_be_over_the_limit_is_refused_without_asking(table: Table) -> None:
    links = FakeLinks(Counting())
    limiter = Limiter(store_of(links), table, Clock())
    assert admitted(limiter, 10) == 10
    asked = len(links.asked)
    verdict = limiter.admit("general", "a", RATES)
    assert (verdict.allowed, verdict.remaining, verdict.retry_after) == (False, 0, 60)
    assert len(links.asked) == asked


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.sampled_from(["ask", "lose", "away", "back"]), st.integers(1, 6))))
def test_whatever_becomes_of_redis_exactly_the_limit_is_admitted(
    story: list[tuple[str, int]],
) -> None:
    redis = Counting()
    links = FakeLinks(redis)
    store = store_of(links)
    with closing(Table()) as table:
        limiter = Limiter(store, table, Clock())
        total = 0
        for event, times in story:
            if event == "lose":  # it was restarted, and empty
                redis.kept.clear()
            elif event == "away":
                links.broken = LOST
            elif event == "back":
                links.broken = None
                store.look()
            total += admitted(limiter, times)
        total += admitted(limiter, 20)
    assert total == 10


def test_what_was_admitted_while_redis_was_away_is_told_to_it(table: Table) -> None:
    redis = Counting()
    links = FakeLinks(redis)
    store = store_of(links)
    limiter = Limiter(store, table, Clock())
    admitted(limiter, 2)
    links.broken = LOST
    admitted(limiter, 3)
    links.broken = None
    store.look()
    admitted(limiter, 1)
    assert {number for _, number in redis.kept["ka:rate:60.3600:general:a"].values()} == {6}


def test_what_redis_could_not_be_told_is_not_forgotten(table: Table) -> None:
    links = FakeLinks(Counting())
    store = store_of(links)
    limiter = Limiter(store, table, Clock())
    links.broken = LOST
    admitted(limiter, 4)
    links.broken = None
    store.look()
    links.broken = LOST
    assert admitted(limiter, 20) == 6
