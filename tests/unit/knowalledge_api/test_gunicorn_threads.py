"""The threads that gunicorn's worker serves with."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from queue import SimpleQueue
from typing import Any

import pytest

from knowalledge_api.gunicorn_threads import Served, Threads
from tests.support.waiting import wait_for

SECONDS = 30


class Desk:
    """Serves what it is given once it may, and keeps what it is told."""

    def __init__(self) -> None:
        self.may = threading.Event()
        self.told: SimpleQueue[tuple[Any, Served, str]] = SimpleQueue()
        self.at_once = 0
        self.threads = Threads(2, self.serve, self.tell)

    def serve(self, conn: Any) -> object:
        self.at_once += 1
        assert self.may.wait(SECONDS)
        if isinstance(conn, BaseException):
            raise conn
        return conn

    def tell(self, conn: Any, served: Served) -> None:
        self.told.put((conn, served, threading.current_thread().name))

    def next(self) -> tuple[Any, Served, str]:
        return self.told.get(timeout=SECONDS)


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    made.may.set()
    made.threads.shutdown()
    wait_for("its threads have ended", lambda: not running(), SECONDS)


def running() -> list[str]:
    return [each.name for each in threading.enumerate() if each.name.startswith("worker-")]


@pytest.mark.parametrize(("given", "kept"), [(True, True), (False, False), (1, False), ("", False)])
def test_a_connection_is_kept_where_it_is_said_to_be(desk: Desk, given: object, kept: bool) -> None:
    desk.may.set()
    desk.threads.give(given, 1)
    assert desk.next() == (given, Served(kept=kept), "worker-1")


@pytest.mark.parametrize("error", [ValueError("x"), SystemExit(1)])
def test_what_ends_a_request_ends_no_thread(desk: Desk, error: BaseException) -> None:
    desk.may.set()
    desk.threads.give(error, 1)
    assert desk.next() == (error, Served(kept=False, error=error), "worker-1")
    desk.threads.give(True, 1)  # noqa: FBT003 -- a connection of this test
    assert desk.next()[1:] == (Served(kept=True), "worker-1")


def test_a_thread_is_started_where_there_is_none_for_a_request_and_no_more_than_allowed(
    desk: Desk,
) -> None:
    assert running() == []
    for number in range(1, 5):
        desk.threads.give(number, number)
    wait_for("two are served", lambda: desk.at_once == 2, SECONDS)
    assert sorted(running()) == ["worker-1", "worker-2"]
    desk.may.set()
    assert sorted(desk.next()[0] for _ in range(4)) == [1, 2, 3, 4]


def test_a_thread_is_used_again(desk: Desk) -> None:
    desk.may.set()
    for number in range(3):
        desk.threads.give(number, 1)
        assert desk.next()[2] == "worker-1"


def test_where_the_machine_allows_no_more_threads_those_that_run_serve_all(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    desk.may.set()
    desk.threads.give(1, 1)
    assert desk.next()[0] == 1

    def refuse(_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    for number in (2, 3):
        desk.threads.give(number, 2)
        assert desk.next()[0] == number
    assert [each.getMessage() for each in caplog.records] == [
        "1 threads serve, of 2: can't start new thread"
    ]
    with pytest.raises(RuntimeError):
        Threads(1, bool, desk.tell).give(1, 1)
