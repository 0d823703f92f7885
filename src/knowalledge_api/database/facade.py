"""The four functions by which scripts use the database of this process's settings."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import asdict
from functools import cache
from typing import TYPE_CHECKING, Any

from knowalledge_api.database.schema import migrate
from knowalledge_api.database.sessions import Database
from knowalledge_api.errors import DatabaseUnavailableError
from knowalledge_api.settings.process import from_process

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


@cache
def default_database() -> Database:
    """The database of the process's own settings; SettingsError where they are wrong."""
    return Database(from_process())


def init_database() -> bool:
    """Bring the schema to this code's version.

    True, or one of SettingsError, DatabaseUnavailableError and MigrationError.
    """
    migrate(from_process())
    return True


def get_db_context() -> AbstractContextManager[Session]:
    """A session for a `with` block: commits at its end, rolls back on an exception."""
    return default_database().session()


def check_database_health() -> bool:
    """Whether the database answers."""
    try:
        default_database().ping()
    except DatabaseUnavailableError:
        return False
    return True


def get_database_stats() -> dict[str, Any]:
    """The pool of this process: type, size, checked_in, checked_out, overflow, waiting."""
    return asdict(default_database().stats())
