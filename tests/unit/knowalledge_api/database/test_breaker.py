"""The one place that decides not to ask a database that has just been silent."""

from __future__ import annotations

import pytest

from knowalledge_api.database.breaker import PAUSE, Breaker
from knowalledge_api.errors import DatabaseFault, DatabaseUnavailableError


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(0.8, clock)


def fail(breaker: Breaker, fault: DatabaseFault = DatabaseFault.SILENT) -> None:
    with pytest.raises(DatabaseUnavailableError, match="cause"), breaker.guard():
        raise DatabaseUnavailableError("cause", "hint", fault)


def refuses(breaker: Breaker) -> bool:
    try:
        with breaker.guard():
            return False
    except DatabaseUnavailableError:
        return True


def silenced(breaker: Breaker, clock: Clock) -> None:
    clock.now += 1
    fail(breaker)


def test_after_a_silence_nobody_asks_for_a_second(breaker: Breaker, clock: Clock) -> None:
    assert not refuses(breaker)
    silenced(breaker, clock)
    clock.now += PAUSE - 0.01
    with pytest.raises(DatabaseUnavailableError) as caught, breaker.guard():
        pass
    assert str(caught.value) == "cause; not asked again for 1 s"
    assert (caught.value.hint, caught.value.fault) == ("hint", DatabaseFault.SILENT)


def test_a_silence_while_others_get_answers_is_not_the_databases(
    breaker: Breaker, clock: Clock
) -> None:
    clock.now += 9
    breaker.answered()
    clock.now += 0.7
    fail(breaker)
    assert not refuses(breaker)


@pytest.mark.parametrize("fault", [fault for fault in DatabaseFault if fault.name != "SILENT"])
def test_a_failure_that_is_no_silence_refuses_nobody(
    breaker: Breaker, clock: Clock, fault: DatabaseFault
) -> None:
    clock.now += 9
    fail(breaker, fault)
    assert not refuses(breaker)


def test_then_one_tries_alone_and_its_first_answer_lets_all_in(
    breaker: Breaker, clock: Clock
) -> None:
    silenced(breaker, clock)
    clock.now += PAUSE
    with breaker.guard():
        assert refuses(breaker)
        breaker.answered()
        assert not refuses(breaker)
    assert not refuses(breaker)


def test_one_that_tries_in_vain_is_followed_by_another_pause(
    breaker: Breaker, clock: Clock
) -> None:
    silenced(breaker, clock)
    clock.now += PAUSE
    fail(breaker)
    assert refuses(breaker)
    clock.now += PAUSE
    fail(breaker)
    assert refuses(breaker)


def test_a_database_that_refuses_is_there_again_as_far_as_waiting_goes(
    breaker: Breaker, clock: Clock
) -> None:
    silenced(breaker, clock)
    clock.now += PAUSE
    fail(breaker, DatabaseFault.REFUSED)
    assert not refuses(breaker)


def test_a_full_pool_says_nothing_about_the_database(breaker: Breaker, clock: Clock) -> None:
    silenced(breaker, clock)
    clock.now += PAUSE
    fail(breaker, DatabaseFault.POOL)
    with breaker.guard():
        assert refuses(breaker), "one tries, and has had no answer"


def test_one_that_fails_for_a_reason_of_its_own_does_not_block_the_next(
    breaker: Breaker, clock: Clock
) -> None:
    silenced(breaker, clock)
    clock.now += PAUSE
    with pytest.raises(KeyError), breaker.guard():
        raise KeyError
    assert not refuses(breaker)
