"""Who asks the database, and how much longer it may wait."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from knowalledge_api.database.turns import asker, left, part, turn


@dataclass
class Request:
    id: str = "r"
    route: str | None = "/r"
    database_seconds: float = 0.0


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def request_() -> Iterator[Request]:
    request = Request()
    token = asker.set(request)
    yield request
    asker.reset(token)


def test_outside_a_request_each_wait_has_its_own_bound(clock: Clock) -> None:
    with turn(2, clock):
        clock.now += 60
        assert left(1.5, clock) == 1.5


@pytest.mark.usefixtures("request_")
def test_all_waits_of_a_turn_share_its_time(clock: Clock) -> None:
    with turn(2, clock):
        assert left(1.5, clock) == 1.5
        clock.now += 1
        assert left(1.5, clock) == 1
        clock.now += 5
        assert left(1.5, clock) == 0
    assert left(1.5, clock) == 1.5


def test_all_turns_of_a_request_share_their_time_and_what_lies_between_is_free(
    clock: Clock, request_: Request
) -> None:
    with turn(2, clock):
        clock.now += 0.5
    clock.now += 20  # somebody else writes the content
    with turn(2, clock):
        assert left(9, clock) == 1.5
        with turn(2, clock):
            clock.now += 1
            assert left(9, clock) == 0.5
    assert request_.database_seconds == 1.5


def _fail_later(clock: Clock) -> None:
    clock.now += 1.25
    raise KeyError


def test_a_turn_that_fails_is_counted_too(clock: Clock, request_: Request) -> None:
    with pytest.raises(KeyError), turn(2, clock):
        _fail_later(clock)
    assert request_.database_seconds == 1.25
    assert left(9, clock) == 9


def test_each_part_of_a_request_has_its_own_time_and_the_request_s_name(
    clock: Clock, request_: Request
) -> None:
    with turn(2, clock):
        clock.now += 1.5
    for _ in range(3):
        with part():
            for spare in (2.0, 0.5):
                with turn(2, clock):
                    assert left(9, clock) == spare
                    clock.now += 1.5
            who = asker.get()
            assert who is not None
            assert (who.id, who.route) == (request_.id, request_.route)
    assert asker.get() is request_
    assert request_.database_seconds == 1.5


def test_a_script_has_no_parts(clock: Clock) -> None:
    with part(), turn(2, clock):
        assert asker.get() is None
        assert left(9, clock) == 9
