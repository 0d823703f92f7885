from __future__ import annotations

import os
import signal

import pytest

from knowctl.supervisor.loop import Loop, Steps


@pytest.fixture
def loop() -> Loop:
    return Loop()


def test_steps_run_until_the_end_is_called(loop: Loop) -> None:
    done: list[str] = []

    def work() -> Steps[None]:
        done.append("first")
        yield 0
        done.append("second")
        loop.end()

    loop.start(work())
    loop.run()
    assert done == ["first", "second"]


def test_a_condition_is_waited_for_and_its_coming_wakes_whoever_waits(loop: Loop) -> None:
    reader, writer = os.pipe()
    came: list[bool] = []

    def wait() -> Steps[None]:
        came.append((yield from loop.until(lambda: bool(heard), 60)))
        loop.end()

    heard: list[bytes] = []
    loop.watch(reader, lambda: heard.append(os.read(reader, 1)))
    loop.start(wait())
    os.write(writer, b"x")
    loop.run()
    loop.forget(reader)
    os.close(reader)
    os.close(writer)
    assert came == [True]


def test_a_condition_that_never_holds_is_given_up_in_time() -> None:
    now = [0.0]
    loop = Loop(lambda: now[0])
    steps = loop.until(lambda: False, 2)
    assert next(steps) == 2
    now[0] = 1.5
    assert next(steps) == 0.5
    now[0] = 2.0
    with pytest.raises(StopIteration) as ended:
        next(steps)
    assert ended.value.value is False


def test_a_signal_is_acted_on_in_the_loop_s_own_time(loop: Loop) -> None:
    before = signal.getsignal(signal.SIGUSR1)
    caught: list[int] = []

    def react(number: int) -> None:
        caught.append(number)
        loop.end()

    def send() -> Steps[None]:
        os.kill(os.getpid(), signal.SIGUSR1)
        yield 60

    try:
        loop.catch([signal.SIGUSR1], react)
        loop.start(send())
        loop.run()
    finally:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGUSR1, before)
    assert caught == [signal.SIGUSR1]


def test_an_error_ends_the_work_it_is_in_and_no_other() -> None:
    told: list[Exception] = []
    loop = Loop(on_error=told.append)

    def fails() -> Steps[None]:
        yield 0
        raise ValueError("x")

    def goes_on() -> Steps[None]:
        yield 0.01
        loop.end()

    loop.start(fails())
    loop.start(goes_on())
    loop.run()
    assert [str(each) for each in told] == ["x"]


def test_without_anybody_to_tell_an_error_ends_the_loop(loop: Loop) -> None:
    def fails() -> Steps[None]:
        yield 0
        raise ValueError("x")

    loop.start(fails())
    with pytest.raises(ValueError, match="x"):
        loop.run()


def test_work_that_is_begun_by_other_work_is_done_too(loop: Loop) -> None:
    def inner() -> Steps[None]:
        loop.end()
        yield 0

    def outer() -> Steps[None]:
        loop.start(inner())
        yield 60

    loop.start(outer())
    loop.run()
