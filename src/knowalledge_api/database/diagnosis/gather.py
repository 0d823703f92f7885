"""Gathers what the server says: one short transaction a question, each in bounded time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise
from secrets import token_hex
from time import perf_counter
from typing import Final, Protocol, TypeVar, cast

from sqlalchemy import Connection, insert, text
from sqlalchemy.exc import DBAPIError

from knowalledge_api.database import Database
from knowalledge_api.database.diagnosis import sqlite
from knowalledge_api.database.diagnosis.facts import (
    Advice,
    Answers,
    Connections,
    Encryption,
    Facts,
    LockWait,
    Replication,
    Transactions,
    Unknown,
    Write,
    Written,
)
from knowalledge_api.database.failures import explain
from knowalledge_api.database.models import Topic
from knowalledge_api.errors import DatabaseFault, DatabaseUnavailableError

QUESTIONS: Final = 7
"""Trivial questions timed: an odd number has a median, and few cost nothing."""
MILLISECONDS: Final = 1000
LET_WRITE: Final = "grant the user in DATABASE_URL to write in the tables of this product"

T = TypeVar("T")


class Backend(Protocol):
    """What the module of each database provides; None is what that database knows nothing of."""

    ADVICE: Advice

    def server(self, connection: Connection) -> str:
        """Product and version."""

    def encryption(self, connection: Connection) -> Encryption:
        """How the way to the server is kept private."""

    def replication(self, connection: Connection) -> Replication:
        """The server's part in replication."""

    def transactions(self, connection: Connection, seconds: float) -> Transactions | None:
        """Transactions that are open for longer."""

    def locks(self, connection: Connection, seconds: float) -> tuple[LockWait, ...] | None:
        """Who has waited for a lock for longer."""

    def connections(self, connection: Connection) -> Connections | None:
        """How many there are, and may be."""

    def read_only(self, error: DBAPIError) -> bool:
        """Whether a write was refused because nothing may be written."""

    def needs(self, error: DBAPIError) -> str | None:
        """The statement that would grant what this user lacks."""


def gather(
    database: Database, *, long_transaction: float, lock_wait: float, pooled: bool = False
) -> Facts:
    """Ask everything; what is not answered is Unknown, and keeps nothing else from being asked.

    Transactions and waits shorter than so many seconds are left out. Raises
    DatabaseUnavailableError where nothing can be asked at all.
    """
    backend = _backend(database)
    answers = _answers(database)

    def ask(question: Callable[[Connection], T]) -> T | Unknown:
        return _ask(database, backend, question)

    return Facts(
        advice=backend.ADVICE,
        pooled=pooled,
        answers=answers,
        server=ask(backend.server),
        encryption=ask(backend.encryption),
        write=_written(ask(lambda link: _write(link, backend))),
        replication=ask(backend.replication),
        transactions=ask(lambda link: backend.transactions(link, long_transaction)),
        locks=ask(lambda link: backend.locks(link, lock_wait)),
        connections=ask(backend.connections),
    )


def _backend(database: Database) -> Backend:
    name = database.url.get_backend_name()
    if name == "postgresql":
        from knowalledge_api.database.diagnosis import postgresql  # noqa: PLC0415 -- of others there is no need

        return cast("Backend", postgresql)
    if name == "mysql":
        from knowalledge_api.database.diagnosis import mysql  # noqa: PLC0415 -- the same

        return cast("Backend", mysql)
    return cast("Backend", sqlite)


def _answers(database: Database) -> Answers:
    database.load_driver()  # what Python needs to import it is no fault of the server
    started = perf_counter()
    with database.connection() as link:
        connected = perf_counter()
        moments = [connected]
        for _ in range(QUESTIONS + 1):
            link.execute(text("SELECT 1"))
            moments.append(perf_counter())
    spans = [later - earlier for earlier, later in pairwise(moments)]
    asked = tuple(_milliseconds(span) for span in spans[1:])  # the first one begins a transaction
    return Answers(_milliseconds(connected - started), asked)


def _ask(database: Database, backend: Backend, question: Callable[[Connection], T]) -> T | Unknown:
    try:
        with database.connection() as link:
            try:
                return question(link)
            except DBAPIError as error:
                grant = backend.needs(error)
                if grant is None:
                    raise
                return Unknown("this user may not see it", grant)
    except DatabaseUnavailableError as error:
        return Unknown(str(error), error.hint)
    except DBAPIError as error:
        found = explain(error, database.url)
        return Unknown(str(found), found.hint)


def _write(link: Connection, backend: Backend) -> Write:
    row = {"digest": token_hex(32), "text": "knowctl db health", "created_at": datetime.now(UTC)}
    try:
        link.execute(insert(Topic.__table__).values(row))  # type: ignore[arg-type]  # it is a Table
    except DBAPIError as error:
        if backend.read_only(error):
            return Write(Written.READ_ONLY)
        found = explain(error, link.engine.url)
        if found.fault is DatabaseFault.SCHEMA:
            return Write(Written.NO_TABLE)
        if found.fault is DatabaseFault.AUTHENTICATION or backend.needs(error):
            return Write(Written.FAILED, str(found), LET_WRITE)
        raise
    return Write(Written.ROLLED_BACK)


def _written(tried: Write | Unknown) -> Write:
    if isinstance(tried, Unknown):
        return Write(Written.FAILED, tried.cause, tried.hint)
    return tried


def _milliseconds(seconds: float) -> float:
    return round(seconds * MILLISECONDS, 3)
