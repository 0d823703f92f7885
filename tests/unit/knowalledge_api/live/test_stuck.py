"""Requests that take too long."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from knowalledge_api.live.requests import Requests
from knowalledge_api.live.stuck import LAST_WORDS, StuckWatch, in_another_thread
from tests.support.live import LONG, Request

if TYPE_CHECKING:
    import pytest

LIMIT = 120.0


class World:
    """A process with two threads, a clock, and somebody who would replace it."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.requests = Requests()
        self.replaced = 0
        self.waits: list[float] = []
        self.watch = StuckWatch(
            self.requests, LIMIT, 2, self.replace, self.apart, clock=lambda: self.now
        )

    def replace(self) -> None:
        self.replaced += 1

    def apart(self, task: Callable[[], None], seconds: float) -> None:
        self.waits.append(seconds)
        task()

    def enter(self, name: str) -> Request:
        request = Request(id=name, started=self.now)
        self.requests.enter(request)
        return request


def records(caplog: pytest.LogCaptureFixture, level: int) -> list[dict[str, Any]]:
    return [vars(each) for each in caplog.records if each.levelno == level]


def test_a_request_within_the_limit_is_not_stuck(caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    world.enter("a")
    world.now += LIMIT
    world.watch.look()
    assert (world.watch.count, caplog.records, world.replaced) == (0, [], 0)


def test_one_beyond_it_is_told_once_with_its_stack(caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    world.enter("a")
    world.now += LIMIT + 1
    for _ in range(3):
        world.watch.look()
    (record,) = records(caplog, logging.WARNING)
    assert (record["request_id"], record["route"], record["age_s"]) == ("a", "/api/progress", 121.0)
    assert any("test_stuck.py" in line for line in record["stack"])
    assert (world.watch.count, world.waits, world.replaced) == (1, [0], 0)


def test_requests_that_a_client_gave_the_same_id_are_both_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = World()
    world.watch.threads = 3
    for _ in range(2):
        world.enter("same")
        world.now += LIMIT + 1
        world.watch.look()
    assert world.watch.count == len(records(caplog, logging.WARNING)) == 2


def test_when_all_threads_are_stuck_the_process_is_replaced_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = World()
    world.enter("a")
    world.now += LIMIT
    world.enter("b")
    world.now += 1
    world.watch.look()
    assert world.replaced == 0
    world.now += LIMIT
    world.watch.look()
    world.watch.look()
    assert world.replaced == 1
    (record,) = records(caplog, logging.CRITICAL)
    assert [each["request_id"] for each in record["requests"]] == ["a", "b"]
    assert all(each["stack"] for each in record["requests"])
    assert world.waits == [0, LAST_WORDS]


def test_where_nobody_would_start_another_it_is_told_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = World()
    world.watch.replace = None
    first = world.enter("a")
    world.enter("b")
    world.now += LIMIT + 1
    world.watch.look()
    world.watch.look()
    assert len(records(caplog, logging.CRITICAL)) == 1
    world.requests.leave(first, 1.0)
    world.watch.look()
    world.enter("c")
    world.now += LIMIT + 1
    world.watch.look()
    assert len(records(caplog, logging.CRITICAL)) == 2


def test_a_process_without_threads_is_never_replaced() -> None:
    world = World()
    world.watch.threads = 0
    world.watch.look()
    assert world.replaced == 0


def test_a_log_that_blocks_holds_nobody_up() -> None:
    go = threading.Event()

    def block() -> None:
        go.wait(LONG)

    in_another_thread(block, 0.01)
    (thread,) = [each for each in threading.enumerate() if each.name == "last-words"]
    assert thread.daemon
    go.set()
    thread.join(LONG)
    assert not thread.is_alive()
