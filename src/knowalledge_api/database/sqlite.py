"""SQLite as a database that several threads and processes share: WAL, patience, foreign keys."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, event

from knowalledge_api.database.limits import Limits

PATIENCE: Final = 5.0
"""Seconds to wait for another writer where the limits set no bound."""


def in_memory(url: URL) -> bool:
    """Whether the URL means a SQLite database that lives in this process alone."""
    name = url.database or ":memory:"
    return url.drivername.startswith("sqlite") and (
        name == ":memory:" or "mode=memory" in name or url.query.get("mode") == "memory"
    )


def database_file(url: URL) -> Path | None:
    """The file of a SQLite database; None for one in memory and for other databases."""
    if not url.drivername.startswith("sqlite") or in_memory(url):
        return None
    return Path(str(url.database).removeprefix("file:").partition("?")[0])


def engine_options(_limits: Limits) -> dict[str, Any]:
    """Arguments of create_engine: none."""
    return {}


def connect_arguments(_url: URL, limits: Limits) -> dict[str, Any]:
    """Arguments of sqlite3.connect; the pool hands a connection to one thread at a time."""
    return {
        "timeout": limits.silence or limits.lock or PATIENCE,
        "check_same_thread": False,
        "isolation_level": None,
    }


def listen(engine: Engine, limits: Limits) -> None:
    """Set the pragmas of each connection, and begin transactions ourselves.

    The driver's own way begins one before a write alone, so that DDL would not be rolled back.
    Migrations leave foreign keys off: a table that is rebuilt is dropped, and with them on its
    referring rows would go too.
    """
    foreign_keys = "OFF" if limits.lock is not None else "ON"

    @event.listens_for(engine, "connect")
    def set_pragmas(connection: Any, _record: object) -> None:
        with closing(connection.cursor()) as cursor:
            mode = cursor.execute("PRAGMA journal_mode").fetchone()[0]
            if mode == "delete":  # WAL stays with the file, and changing it wants a lock
                cursor.execute("PRAGMA journal_mode = WAL")
            cursor.execute("PRAGMA synchronous = NORMAL")
            cursor.execute(f"PRAGMA foreign_keys = {foreign_keys}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")
