"""Whether the AI is asked."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Barrier

import pytest

from knowalledge_api.providers.breaker import FAILURES, REST, AiBreaker, BreakerPhase
from knowalledge_api.providers.faults import AiError, Fault


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> AiBreaker:
    return AiBreaker(clock=clock)


def fail(breaker: AiBreaker, fault: Fault = Fault.TIMEOUT, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(AiError) as caught, breaker.guard():
            raise AiError(fault)
        assert caught.value.fault is fault


def succeed(breaker: AiBreaker) -> None:
    with breaker.guard():
        pass


def refused(breaker: AiBreaker) -> AiError:
    with pytest.raises(AiError) as caught, breaker.guard():
        raise AssertionError("it was asked")
    assert caught.value.fault is Fault.RESTING
    return caught.value


def test_five_failures_in_a_row_open_it_and_say_for_how_long(
    breaker: AiBreaker, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    fail(breaker, times=FAILURES - 1)
    assert breaker.state().phase is BreakerPhase.CLOSED
    fail(breaker)
    assert breaker.state().phase is BreakerPhase.OPEN
    assert breaker.state().why == Fault.TIMEOUT
    clock.now += 18
    assert refused(breaker).retry_after == REST - 18
    assert "the AI is not asked for 60 s: timeout" in caplog.text


def test_a_success_between_them_begins_the_count_anew(breaker: AiBreaker) -> None:
    fail(breaker, times=FAILURES - 1)
    succeed(breaker)
    fail(breaker, times=FAILURES - 1)
    assert breaker.state().phase is BreakerPhase.CLOSED


@pytest.mark.parametrize("fault", [Fault.BLOCKED, Fault.UNUSABLE, Fault.REJECTED])
def test_an_answer_that_can_t_be_used_is_an_answer(breaker: AiBreaker, fault: Fault) -> None:
    fail(breaker, times=FAILURES - 1)
    fail(breaker, fault)
    fail(breaker, times=FAILURES - 1)
    assert breaker.state().phase is BreakerPhase.CLOSED


@pytest.mark.parametrize("fault", [Fault.BUSY, Fault.SPENT, Fault.LATE])
def test_what_was_not_asked_tells_nothing(breaker: AiBreaker, fault: Fault) -> None:
    fail(breaker, times=FAILURES - 1)
    fail(breaker, fault, times=FAILURES)
    assert breaker.state().phase is BreakerPhase.CLOSED
    fail(breaker)
    assert breaker.state().phase is BreakerPhase.OPEN


def test_after_its_rest_one_tries_and_two_successes_close_it(
    breaker: AiBreaker, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    fail(breaker, times=FAILURES)
    clock.now += REST
    with breaker.guard():
        assert breaker.state().phase is BreakerPhase.HALF_OPEN
        refused(breaker)
    assert breaker.state().phase is BreakerPhase.HALF_OPEN
    succeed(breaker)
    assert breaker.state().phase is BreakerPhase.CLOSED
    assert "the AI is asked again" in caplog.text


def test_a_failed_trial_opens_it_for_as_long_again(breaker: AiBreaker, clock: Clock) -> None:
    fail(breaker, times=FAILURES)
    clock.now += REST
    succeed(breaker)
    fail(breaker, Fault.OVERLOADED)
    state = breaker.state()
    assert (state.phase, state.opened, state.why) == (BreakerPhase.OPEN, 2, "overloaded")
    assert refused(breaker).retry_after == REST


def test_a_trial_that_ended_without_asking_leaves_room_for_the_next(
    breaker: AiBreaker, clock: Clock
) -> None:
    fail(breaker, times=FAILURES)
    clock.now += REST
    with pytest.raises(ZeroDivisionError), breaker.guard():
        raise ZeroDivisionError
    fail(breaker, Fault.SPENT)
    assert breaker.state().phase is BreakerPhase.HALF_OPEN
    succeed(breaker)
    succeed(breaker)
    assert breaker.state().phase is BreakerPhase.CLOSED


def test_who_began_before_it_opened_does_not_close_it(breaker: AiBreaker) -> None:
    with breaker.guard():
        fail(breaker, times=FAILURES)
    assert breaker.state().phase is BreakerPhase.OPEN


@pytest.mark.parametrize("failed", [True, False])
def test_who_began_before_it_opened_decides_nothing_while_another_tries(
    breaker: AiBreaker, clock: Clock, *, failed: bool
) -> None:
    error = AiError(Fault.TIMEOUT) if failed else None
    late = [ExitStack(), ExitStack()]
    for each in late:
        each.enter_context(breaker.guard())
    fail(breaker, times=FAILURES)
    clock.now += REST
    with breaker.guard():
        for each in late:
            each.__exit__(None if error is None else AiError, error, None)
        assert breaker.state().phase is BreakerPhase.HALF_OPEN
    succeed(breaker)
    assert breaker.state().phase is BreakerPhase.CLOSED


def test_an_operator_may_close_it(breaker: AiBreaker) -> None:
    fail(breaker, times=FAILURES)
    breaker.reset()
    succeed(breaker)
    assert breaker.state().phase is BreakerPhase.CLOSED


def test_many_threads_at_its_end_of_rest_try_once(breaker: AiBreaker, clock: Clock) -> None:
    fail(breaker, times=FAILURES)
    clock.now += REST
    barrier, asked = Barrier(8), []

    def ask() -> bool:
        barrier.wait(30)
        try:
            with breaker.guard():
                asked.append(1)
                barrier.wait(30)
        except AiError:
            barrier.wait(30)
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(lambda _: ask(), range(8))) == 1
    assert len(asked) == 1
