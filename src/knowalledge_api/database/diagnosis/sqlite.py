"""SQLite asked about itself: a file, which keeps no list of sessions, transactions or locks."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, text

from knowalledge_api.database.diagnosis.facts import Advice, Encryption, Replication, Role, Route

if TYPE_CHECKING:
    from sqlalchemy.exc import DBAPIError

ADVICE: Final = Advice(
    encrypt="",
    write_again="make the file and its directory writable for this user",
    see_others="",
    end_session="",
)


def server(connection: Connection) -> str:
    """Product, version, and how it keeps its journal."""
    version = connection.scalar(text("SELECT sqlite_version()"))
    return f"SQLite {version}, journal {connection.scalar(text('PRAGMA journal_mode'))}"


def encryption(_connection: Connection) -> Encryption:
    """A file needs none."""
    return Encryption(Route.FILE)


def replication(_connection: Connection) -> Replication:
    """A file has no copies."""
    return Replication(Role.STANDALONE)


def transactions(_connection: Connection, _seconds: float) -> None:
    """SQLite keeps no list of them."""


def locks(_connection: Connection, _seconds: float) -> None:
    """SQLite keeps no list of them; the write test waits for whoever writes."""


def connections(_connection: Connection) -> None:
    """SQLite keeps no list of them, and has no limit."""


def read_only(error: DBAPIError) -> bool:
    """Whether a write was refused because the file, or its connection, is read-only."""
    code = getattr(error.orig, "sqlite_errorcode", 0)
    return code & 0xFF == sqlite3.SQLITE_READONLY


def needs(_error: DBAPIError) -> str | None:
    """SQLite knows no privileges."""
    return None
