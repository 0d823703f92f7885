"""The pool of connections, which tells who holds one and who waits."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from sqlalchemy import event
from sqlalchemy.exc import TimeoutError as NoFreeConnectionError
from sqlalchemy.pool import QueuePool
from sqlalchemy.util.queue import Queue

from knowalledge_api.database.pool import Holder, MeasuredPool
from knowalledge_api.database.turns import asker, turn

PATIENCE = 10.0


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


class Link:
    """A driver's connection that does nothing."""

    def close(self) -> None: ...

    def rollback(self) -> None: ...


@dataclass
class Request:
    id: str = "id-1"
    route: str | None = "/api/progress"
    database_seconds: float = 0.0


@pytest.fixture
def clock() -> Clock:
    return Clock()


def pool_of(
    clock: Clock,
    creator: Callable[[], Link] = Link,
    size: int = 1,
    overflow: int = 0,
    timeout: float = PATIENCE,
) -> MeasuredPool:
    return MeasuredPool(creator, size, max_overflow=overflow, timeout=timeout, clock=clock)


@pytest.fixture
def waiter() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2, thread_name_prefix="waiter") as threads:
        yield threads


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.001)


def test_a_new_pool_is_empty(clock: Clock) -> None:
    state = pool_of(clock, size=3, overflow=2).state()
    assert (state.size, state.open, state.in_use, state.idle, state.overflow) == (3, 0, 0, 0, 0)
    assert (state.waiting, state.oldest_wait_ms, state.checkouts, state.timeouts) == (0, 0, 0, 0)
    assert (state.mean_wait_ms, state.worst_wait_ms, state.holders) == (0, 0, ())


def test_connections_are_in_use_idle_and_beyond_the_size(clock: Clock) -> None:
    pool = pool_of(clock, size=1, overflow=2)
    links = [pool.connect() for _ in range(3)]
    state = pool.state()
    assert (state.open, state.in_use, state.idle, state.overflow) == (3, 3, 0, 2)
    for link in links:
        link.close()
    state = pool.state()
    assert (state.open, state.in_use, state.idle, state.overflow) == (1, 0, 1, 0)
    assert state.checkouts == 3


def test_a_connection_that_was_given_up_is_not_open(clock: Clock) -> None:
    pool = pool_of(clock)
    link = pool.connect()
    link.invalidate()
    link.close()
    state = pool.state()
    assert (state.open, state.idle, state.in_use) == (0, 0, 0)
    pool.connect().close()
    assert pool.state().open == 1


def test_who_holds_a_connection_is_known_and_the_oldest_comes_first(clock: Clock) -> None:
    pool = pool_of(clock, size=2)
    first = pool.connect()
    clock.now += 2
    token = asker.set(Request())
    second = pool.connect()
    asker.reset(token)
    clock.now += 0.25
    name = threading.current_thread().name
    assert pool.state().holders == (
        Holder(None, "", 2250.0, name),
        Holder("/api/progress", "id-1", 250.0, name),
    )
    first.close()
    second.close()
    assert pool.state().holders == ()


def test_who_connects_holds_what_is_not_open_yet(clock: Clock) -> None:
    seen = []

    def connect() -> Link:
        seen.append(pool.state())
        return Link()

    pool = pool_of(clock, creator=connect)
    pool.connect().close()
    (state,) = seen
    assert (state.in_use, state.open, state.idle, len(state.holders)) == (1, 0, 0, 1)


def test_a_connection_is_open_once_the_server_has_it_though_it_is_still_set_up(
    clock: Clock,
) -> None:
    pool = pool_of(clock)
    seen = []
    event.listen(pool, "connect", lambda *_: seen.append(pool.state()))
    link = pool.connect()
    link.invalidate()
    assert link.dbapi_connection is None
    link.close()
    link = pool.connect()
    link.close()
    assert [(state.in_use, state.open, len(state.holders)) for state in seen] == [(1, 1, 1)] * 2
    assert pool.state().open == 1


def test_a_connection_that_can_not_be_made_leaves_nothing(clock: Clock) -> None:
    def fail() -> Link:
        raise KeyError

    pool = pool_of(clock, creator=fail)
    for _ in range(2):
        with pytest.raises(KeyError):
            pool.connect()
    state = pool.state()
    assert (state.open, state.in_use, state.checkouts, state.holders) == (0, 0, 0, ())


def test_a_wait_is_seen_while_it_lasts_and_counted_afterwards(
    clock: Clock, waiter: ThreadPoolExecutor
) -> None:
    pool = pool_of(clock)
    link = pool.connect()
    waiting = waiter.submit(pool.connect)
    until(lambda: pool.state().waiting == 1)
    clock.now += 0.5
    state = pool.state()
    assert (state.waiting, state.oldest_wait_ms, state.worst_wait_ms) == (1, 500, 0)
    link.close()
    waiting.result(PATIENCE).close()
    state = pool.state()
    assert (state.waiting, state.oldest_wait_ms) == (0, 0)
    assert (state.worst_wait_ms, state.mean_wait_ms) == (500, 250)
    assert (state.checkouts, state.timeouts) == (2, 0)


def test_a_wait_in_vain_is_counted(clock: Clock) -> None:
    pool = pool_of(clock, timeout=0)
    link = pool.connect()
    with pytest.raises(NoFreeConnectionError):
        pool.connect()
    link.close()
    state = pool.state()
    assert (state.checkouts, state.timeouts, state.waiting) == (1, 1, 0)


def test_after_a_wait_in_vain_nobody_waits_until_a_connection_comes_back(
    clock: Clock, waiter: ThreadPoolExecutor
) -> None:
    pool = pool_of(clock, timeout=0.01)
    link = pool.connect()
    with pytest.raises(NoFreeConnectionError):
        pool.connect()
    pool._timeout = 10 * PATIENCE
    with pytest.raises(NoFreeConnectionError):
        pool.connect()
    link.close()
    link = pool.connect()
    waiting = waiter.submit(pool.connect)
    until(lambda: pool.state().waiting == 1)
    link.close()
    waiting.result(PATIENCE).close()
    assert pool.state().timeouts == 2


def test_nobody_waits_longer_than_its_request_may(clock: Clock) -> None:
    pool = pool_of(clock)
    link = pool.connect()
    token = asker.set(Request(database_seconds=2))
    with turn(2), pytest.raises(NoFreeConnectionError):
        pool.connect()
    asker.reset(token)
    link.close()


def test_a_pool_made_anew_counts_anew(clock: Clock) -> None:
    pool = pool_of(clock, size=2)
    pool.connect().close()
    again = pool.recreate()
    assert isinstance(again, MeasuredPool)
    assert again.state().checkouts == 0
    assert again.size() == 2


def test_threads_that_share_a_pool_are_all_counted(clock: Clock) -> None:
    pool = pool_of(clock, size=2, overflow=1)

    def use(_: int) -> None:
        for _ in range(50):
            pool.connect().close()

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(use, range(8)))
    state = pool.state()
    assert (state.checkouts, state.timeouts, state.in_use) == (400, 0, 0)
    assert state.open == state.idle <= 2


def test_what_it_extends_is_still_there() -> None:
    """SQLAlchemy's internals that this relies on: the queue, and where connections pass."""
    assert QueuePool._queue_class is Queue
    assert {"_do_get", "_do_return_conn"} <= set(vars(QueuePool))
    assert hasattr(QueuePool, "_create_connection")
    assert callable(QueuePool(sqlite3.connect)._invoke_creator)  # type: ignore[arg-type]  # never called
    queue: Queue[int] = Queue(1)
    assert list(queue.queue) == []
    assert queue.mutex.acquire(blocking=False)
