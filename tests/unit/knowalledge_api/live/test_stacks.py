"""Where every thread is."""

from __future__ import annotations

import _thread
import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from knowalledge_api.live.stacks import DEEPEST, frames_of, stack_of, threads
from tests.support.live import LONG, Request

CANARY = "canary-in-a-variable"


@contextmanager
def waiting() -> Iterator[threading.Thread]:
    """A thread that waits in a function with a secret in a variable."""
    there, go = threading.Event(), threading.Event()

    def wait_with_a_secret() -> None:
        secret = CANARY
        there.set()
        go.wait(LONG)
        assert secret

    thread = threading.Thread(target=wait_with_a_secret, name="the-waiting-one")
    thread.start()
    assert there.wait(LONG)
    try:
        yield thread
    finally:
        go.set()
        thread.join(LONG)


def test_a_thread_is_told_with_its_name_its_request_and_its_frames() -> None:
    with waiting() as thread:
        request = Request(thread=thread.ident or 0)
        (told,) = [each for each in threads([request]) if each["ident"] == thread.ident]
    assert told["name"] == "the-waiting-one"
    assert {**told["request"], "age_ms": 0} == {
        "id": "id-1",
        "method": "GET",
        "route": "/api/progress",
        "age_ms": 0,
    }
    assert told["request"]["age_ms"] > 0
    functions = [frame["function"] for frame in told["frames"]]
    ours = functions.index("waiting.<locals>.wait_with_a_secret")
    assert functions.index("Thread.run") < ours < len(functions) - 1
    assert (told["frames"][ours]["file"], set(told["frames"][ours])) == (
        __file__,
        {"file", "line", "function"},
    )


def test_a_thread_without_a_request_has_none_and_no_variable_is_told() -> None:
    with waiting():
        told = threads([])
    assert [each["request"] for each in told] == [None] * len(told)
    assert CANARY not in json.dumps(told)


def test_a_thread_that_python_did_not_name_is_told_by_its_number() -> None:
    there, go = threading.Lock(), threading.Lock()
    there.acquire()
    go.acquire()

    def wait() -> None:
        there.release()
        go.acquire(timeout=LONG)

    ident = _thread.start_new_thread(wait, ())
    assert there.acquire(timeout=LONG)
    told = {each["ident"]: each["name"] for each in threads([])}
    go.release()
    assert told[ident] == str(ident)


def test_a_frame_has_its_line() -> None:
    frame = sys._getframe()
    told = frames_of(frame)[-1]
    assert told["function"] == frame.f_code.co_qualname
    assert frame.f_code.co_firstlineno < told["line"] < frame.f_lineno


def test_a_deep_recursion_is_told_by_its_innermost_frames() -> None:
    def deep(left: int) -> list[dict[str, object]]:
        return deep(left - 1) if left else frames_of(sys._getframe())

    frames = deep(DEEPEST + 50)
    assert len(frames) == DEEPEST
    assert str(frames[0]["function"]).endswith("deep")


def test_a_stack_for_the_log_has_a_line_a_frame() -> None:
    lines = stack_of(threading.get_ident())
    assert any(Path(__file__).name in line for line in lines)
    assert lines[-1].endswith(" stack_of")
    assert stack_of(-1) == []
