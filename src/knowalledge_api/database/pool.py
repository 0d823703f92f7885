"""The pool of connections, which tells at any moment who holds one and who waits for how long."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final, NamedTuple

from sqlalchemy.exc import TimeoutError as NoFreeConnectionError
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool
from sqlalchemy.util.queue import Empty, Queue

from knowalledge_api.database.turns import Asker, asker, left

Clock = Callable[[], float]
MILLISECONDS: Final = 1000

# SQLAlchemy names a pool's logger after its class. It tells with a traceback that a connection
# failed on its way back: that one is replaced, and who needs the next one is told by us.
logging.getLogger(__name__).setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has a connection, or is making one; without a request, the thread alone is known."""

    route: str | None
    request_id: str
    since_ms: float
    thread: str


@dataclass(frozen=True, slots=True)
class PoolState:
    """One process's pool, in connections and milliseconds.

    `open` are those that the server has too. The mean wait is that of all checkouts, those that
    did not wait and those that waited in vain included.
    """

    size: int
    open: int
    in_use: int
    idle: int
    overflow: int
    waiting: int
    oldest_wait_ms: float
    checkouts: int
    timeouts: int
    mean_wait_ms: float
    worst_wait_ms: float
    holders: tuple[Holder, ...]


class _Holding(NamedTuple):
    asker: Asker | None
    since: float
    thread: int
    made: bool = False
    """The server has the connection, which is still being set up and in no record."""


class WaitingQueue(Queue[ConnectionPoolEntry]):
    """The idle connections, and those who wait for one.

    When somebody has waited in vain, nobody else waits until a connection comes back: a full
    pool then costs one wait, not one for each request in the queue before this server.
    """

    def __init__(self, maxsize: int, *, use_lifo: bool, clock: Clock) -> None:
        super().__init__(maxsize, use_lifo=use_lifo)
        self.waiting: dict[int, float] = {}
        self.waited = 0.0
        self.worst = 0.0
        self._clock = clock
        self._in_vain = False

    def get(self, block: bool = True, timeout: float | None = None) -> ConnectionPoolEntry:
        """An idle connection; Empty where none comes in time."""
        if not block or self.queue:
            try:
                return super().get(block=False)
            except Empty:
                if not block:
                    raise
        return self._wait(timeout or 0.0)

    def put(
        self,
        item: ConnectionPoolEntry,
        block: bool = True,
        timeout: float | None = None,
    ) -> None:
        """Take a connection back."""
        super().put(item, block, timeout)
        self._in_vain = False

    def _wait(self, timeout: float) -> ConnectionPoolEntry:
        me = threading.get_ident()
        started = self.waiting[me] = self._clock()
        try:
            return super().get(block=True, timeout=0.0 if self._in_vain else left(timeout))
        except Empty:
            self._in_vain = True
            raise
        finally:
            with self.mutex:
                seconds = self._clock() - started
                self.waited += seconds
                self.worst = max(self.worst, seconds)
                del self.waiting[me]


class MeasuredPool(QueuePool):
    """A QueuePool whose numbers are kept where they come about; reading them stops nobody."""

    _pool: WaitingQueue

    def __init__(
        self,
        creator: Any,
        pool_size: int = 5,
        *,
        use_lifo: bool = False,
        clock: Clock = monotonic,
        **options: Any,
    ) -> None:
        super().__init__(creator, pool_size, use_lifo=use_lifo, **options)
        self._pool = WaitingQueue(pool_size, use_lifo=use_lifo, clock=clock)
        self._invoke_creator = self._noting(self._invoke_creator)
        self._clock = clock
        self._held: dict[object, _Holding] = {}
        self._counting = threading.Lock()
        self._checkouts = 0
        self._timeouts = 0

    def state(self) -> PoolState:
        """The numbers as they are now, and this pool's whole past."""
        with self._pool.mutex:
            idle = [record.dbapi_connection is not None for record in self._pool.queue]
            waits = tuple(self._pool.waiting.values())
        held = tuple(self._held.items())
        now = self._clock()
        asked = self._checkouts + self._timeouts
        return PoolState(
            size=self.size(),
            open=sum(idle) + sum(_is_open(*each) for each in held),
            in_use=len(held),
            idle=sum(idle),
            overflow=max(0, self.overflow()),  # SQLAlchemy counts from -size
            waiting=len(waits),
            oldest_wait_ms=_milliseconds(now - min(waits, default=now)),
            checkouts=self._checkouts,
            timeouts=self._timeouts,
            mean_wait_ms=_milliseconds(self._pool.waited / asked) if asked else 0.0,
            worst_wait_ms=_milliseconds(self._pool.worst),
            holders=_holders([holding for _, holding in held], now),
        )

    def _do_get(self) -> ConnectionPoolEntry:
        try:
            record = super()._do_get()
        except NoFreeConnectionError:
            with self._counting:
                self._timeouts += 1
            raise
        if record not in self._held:  # SQLAlchemy calls this again where two threads race
            self._held[record] = self._holding()
            with self._counting:
                self._checkouts += 1
        return record

    def _create_connection(self) -> ConnectionPoolEntry:
        key = threading.get_ident()  # there is no record yet, and making one may take its time
        self._held[key] = self._holding()
        try:
            return super()._create_connection()
        finally:
            del self._held[key]

    def _noting(self, creator: Any) -> Any:
        def create(record: ConnectionPoolEntry) -> Any:
            link = creator(record)
            key = threading.get_ident()
            if key in self._held:  # else it replaces one, in a record that is held
                self._held[key] = self._held[key]._replace(made=True)
            return link

        return create

    def _do_return_conn(self, record: ConnectionPoolEntry) -> None:
        self._held.pop(record, None)
        super()._do_return_conn(record)

    def _holding(self) -> _Holding:
        return _Holding(asker.get(), self._clock(), threading.get_ident())


def _is_open(key: object, holding: _Holding) -> bool:
    return holding.made or (
        isinstance(key, ConnectionPoolEntry) and key.dbapi_connection is not None
    )


def _holders(holdings: list[_Holding], now: float) -> tuple[Holder, ...]:
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    return tuple(
        Holder(
            route=holding.asker.route if holding.asker else None,
            request_id=holding.asker.id if holding.asker else "",
            since_ms=_milliseconds(now - holding.since),
            thread=names.get(holding.thread, str(holding.thread)),
        )
        for holding in sorted(holdings, key=lambda holding: holding.since)
    )


def _milliseconds(seconds: float) -> float:
    return round(seconds * MILLISECONDS, 3)
