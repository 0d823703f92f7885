"""Asks and migrates the database through the API's own engine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field

from knowalledge_api.database import Database
from knowalledge_api.database.limits import DDL_LOCK_WAIT
from knowalledge_api.database.schema import known_revisions, migrate, schema_state
from knowalledge_api.database.sqlite import database_file
from knowalledge_api.errors import (
    CreationRefusedError,
    DatabaseUnavailableError,
    MigrationBusyError,
    MigrationError,
    UnknownRevisionError,
    UnknownSchemeError,
)
from knowalledge_api.settings import Settings, SettingsError
from knowctl.errors import ErrorCode, ExitCode, KnowctlError
from knowctl.model.database import Migration, Schema, SchemaStatus
from knowctl.probes.wording import words


@dataclass
class DatabaseProbe:
    """The configured database; connects on first use."""

    settings: Settings
    _database: Database = field(init=False)

    def __post_init__(self) -> None:
        self._database = Database(self.settings)

    @property
    def name(self) -> str:
        """The database's address without its password."""
        return self.settings.database_url.shown

    def ping(self) -> float:
        """How long one trivial question takes, in milliseconds; asking makes no SQLite file."""
        if self._to_be_made:
            return 0.0
        with self._clear_errors():
            return self._database.ping() * 1000

    def schema(self) -> Schema:
        """The revisions of the database and of this release."""
        if self._to_be_made:
            return Schema(self.name, SchemaStatus.EMPTY, (), known_revisions().heads)
        with self._clear_errors():
            state = schema_state(self._database)
        current = tuple(map(words, state.current))
        return Schema(self.name, SchemaStatus(state.status), current, state.heads)

    def migrate(self, wait: float, to: str = "head", lock_wait: float = DDL_LOCK_WAIT) -> Migration:
        """Bring the schema to this release's revision, or another of its own.

        `wait` is for others who migrate, `lock_wait` for each lock of a statement, in seconds.
        """
        with self._clear_errors():
            done = migrate(self.settings, to=to, wait=wait, lock_wait=lock_wait)
        return Migration(self.name, done.before.current, done.after.current, done.applied)

    @property
    def _to_be_made(self) -> bool:
        file = database_file(self._database.url)
        return file is not None and not file.exists() and os.access(file.parent, os.W_OK)

    def _clear_errors(self) -> AbstractContextManager[None]:
        return clear_errors(self.name)


def require_file(database: Database, name: str) -> None:
    """KnowctlError where a SQLite file is still to be made: asking makes none."""
    file = database_file(database.url)
    if file is not None and file.parent.is_dir() and not file.exists():
        raise KnowctlError(
            ErrorCode.DATABASE,
            f"the database does not answer ({name})",
            cause=f"there is no file {file} yet",
            hint="knowctl db init",
        )


@contextmanager
def clear_errors(name: str) -> Iterator[None]:
    """Say what goes wrong with the database of that name as a failure with a next thing to do."""
    try:
        yield
    except DatabaseUnavailableError as error:
        raise KnowctlError(
            ErrorCode.DATABASE,
            f"the database does not answer ({name})",
            cause=words(error),
            hint=error.hint or "knowctl config show --origin DATABASE_URL",
        ) from error
    except MigrationError as error:
        raise _told(error, name) from error
    except (UnknownSchemeError, SettingsError) as error:
        raise KnowctlError(
            ErrorCode.CONFIGURATION,
            "the configuration can't be used",
            cause=str(error),
            hint="knowctl config show --origin DATABASE_URL DATABASE_MIGRATION_URL REDIS_URL",
        ) from error


def _told(error: MigrationError, name: str) -> KnowctlError:
    code, message, exit_code = (
        ErrorCode.SCHEMA,
        "the schema can't be brought there",
        ExitCode.FAILED,
    )
    sql: tuple[str, ...] = ()
    if isinstance(error, CreationRefusedError):
        code, message, exit_code = ErrorCode.REFUSED, "the database can't be made", ExitCode.REFUSED
        sql = error.sql
    elif isinstance(error, UnknownRevisionError):
        code, message, exit_code = ErrorCode.USAGE, "there is no such revision", ExitCode.USAGE
    elif isinstance(error, MigrationBusyError):
        message, exit_code = "the schema is being migrated", ExitCode.TIMED_OUT
        code = ErrorCode.TIMED_OUT
    return KnowctlError(
        code,
        f"{message} ({name})",
        cause=words(error),
        hint=error.hint or "knowctl db current",
        exit_code=exit_code,
        sql=sql,
    )
