"""The database of one process: engine made on first use after the fork, sessions, ping, state."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from threading import Lock
from time import perf_counter

from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.orm import Session

from knowalledge_api.database.breaker import Breaker
from knowalledge_api.database.engine import backend_of, database_url, make_engine
from knowalledge_api.database.failures import explained
from knowalledge_api.database.limits import GIVE_UP
from knowalledge_api.database.pool import MeasuredPool, PoolState
from knowalledge_api.database.turns import asker, turn
from knowalledge_api.errors import DatabaseUnavailableError
from knowalledge_api.metrics import DATABASE_UNAVAILABLE
from knowalledge_api.settings import Settings


@dataclass(frozen=True, slots=True)
class PoolStats:
    """The pool of this process, in connections; `waiting` counts threads without one."""

    type: str
    size: int
    checked_in: int
    checked_out: int
    overflow: int
    waiting: int


class Database:
    """What the settings name, connected on first use and anew in each process.

    Raises UnknownSchemeError where DATABASE_URL names no database that is spoken here. All that
    asks the database raises DatabaseUnavailableError when it can't be asked.
    """

    def __init__(self, settings: Settings) -> None:
        self.url = database_url(settings.database_url)
        self._settings = settings
        self._silence = settings.db_deadline * GIVE_UP
        self._breaker = Breaker(self._silence / 2)
        self._engine: Engine | None = None
        self._pid = 0
        self._lock = Lock()

    @property
    def engine(self) -> Engine:
        """The engine of this process: one made before a fork is never used after it."""
        engine = self._engine
        if engine is not None and self._pid == os.getpid():
            return engine
        with self._lock:
            if self._engine is None or self._pid != os.getpid():
                self._forget()
                with explained(self.url):
                    self._engine = self._made()
                self._pid = os.getpid()
            return self._engine

    def load_driver(self) -> None:
        """Import what the first connection needs, without making one: before a server forks."""
        with explained(self.url):
            backend_of(self.url)
            self.url.get_dialect().import_dbapi()

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A session in a transaction, committed at the end, rolled back on an exception."""
        with (
            self._asking(),
            Session(self.engine, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """A bare connection in a transaction that is rolled back at the end."""
        with self._asking(), self.engine.connect() as connection:
            yield connection

    def ping(self) -> float:
        """Seconds that one question took, connecting included where that was needed."""
        started = perf_counter()
        with self.connection() as connection:
            connection.execute(text("SELECT 1"))
        return perf_counter() - started

    def stats(self) -> PoolStats:
        """The pool as it is now; a pool that was never used is empty. Asks nothing."""
        if self._engine is None or self._pid != os.getpid():
            return PoolStats("none", 0, 0, 0, 0, 0)
        state = self.pool_state()
        if state is None:
            return PoolStats(type(self._engine.pool).__name__, 1, 0, 0, 0, 0)
        return PoolStats(
            "QueuePool", state.size, state.idle, state.in_use, state.overflow, state.waiting
        )

    def pool_state(self) -> PoolState | None:
        """All that the pool knows; None before the first use, and where there is no pool."""
        engine = self._engine
        if engine is None or self._pid != os.getpid() or not isinstance(engine.pool, MeasuredPool):
            return None
        return engine.pool.state()

    def close(self) -> None:
        """Close all connections that are not in use; the next use opens new ones."""
        with self._lock:
            if self._engine is not None and self._pid == os.getpid():
                self._engine.dispose()
            self._forget()

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Ask within the time that a request has for it, if there is a point in asking.

        A script is never refused: whoever waits alone wants to know how it is now.
        """
        guard = nullcontext() if asker.get() is None else self._breaker.guard()
        try:
            with guard, explained(self.url), turn(self._silence):
                yield
        except DatabaseUnavailableError as error:
            DATABASE_UNAVAILABLE.labels(error.fault).inc()
            raise

    def _made(self) -> Engine:
        """An engine whose every checkout, pinged or new, is a sign of life for its breaker."""
        breaker = self._breaker = Breaker(self._silence / 2)
        engine = make_engine(self._settings)
        event.listen(engine, "checkout", lambda *_: breaker.answered())
        return engine

    def _forget(self) -> None:
        """Leave a parent's connections alone: closing them would end the parent's sessions."""
        if self._engine is not None and self._pid != os.getpid():
            self._engine.dispose(close=False)
        self._engine = None
