"""The database: waited for, and held against this release's schema before a server runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from knowctl.errors import ErrorCode, ExitCode, KnowctlError
from knowctl.model.database import Migration, Schema, SchemaStatus
from knowctl.services.clock import Clock

MIGRATION_WAIT = 30.0
"""Seconds to wait for another process that migrates."""
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 2.0


class Database(Protocol):
    """The configured database."""

    def ping(self) -> float:
        """Milliseconds of one trivial question; KnowctlError when there is no answer."""

    def schema(self) -> Schema:
        """The revisions of the database and of this release."""

    def migrate(self, wait: float, to: str = "head", lock_wait: float = 5.0) -> Migration:
        """Bring the schema to this release's revision, or another of its own."""


def current(database: Database) -> Schema:
    """The schema's state, whatever it is."""
    return database.schema()


def wait_for(database: Database, seconds: float, clock: Clock, say: Callable[[str], None]) -> None:
    """Return when the database answers; exit code 3 when it does not within `seconds`."""
    deadline, pause, told = clock.now() + seconds, FIRST_PAUSE, ""
    while True:
        try:
            database.ping()
        except KnowctlError as error:
            if clock.now() + pause > deadline:
                raise _timed_out(error, seconds) from error
            if error.failure.cause != told:
                told = error.failure.cause
                say(f"waiting up to {seconds:g} s: {told}")
            clock.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
        else:
            return


def ready_schema(database: Database, *, migrate: bool, say: Callable[[str], None]) -> Schema:
    """A schema that a server may run on, migrated first where that is wanted."""
    schema = database.schema()
    if migrate and schema.pending:
        done = database.migrate(MIGRATION_WAIT)
        say(f"applied {', '.join(done.applied) or 'nothing: another process was first'}")
        schema = database.schema()
    refuse(schema, allowed={SchemaStatus.OK, SchemaStatus.AHEAD})
    return schema


def refuse(schema: Schema, *, allowed: set[SchemaStatus]) -> None:
    """KnowctlError with exit code 4 where the schema is in none of these states."""
    if schema.status in allowed:
        return
    causes = {
        SchemaStatus.EMPTY: ("it has no tables yet", "knowctl db upgrade"),
        SchemaStatus.BEHIND: ("migrations of this release are not applied", "knowctl db upgrade"),
        SchemaStatus.AHEAD: (
            "a newer release has migrated it, and this one can't know how",
            "run the newer release's knowctl",
        ),
        SchemaStatus.DIVERGED: (
            "this release's migrations did not lead to where it is",
            "check DATABASE_URL; else restore the release that migrated it",
        ),
        SchemaStatus.SEVERAL_HEADS: (
            "this release has several heads of migrations",
            "alembic merge heads, in the checkout",
        ),
    }
    cause, hint = causes[schema.status]
    revisions = f"database {_names(schema.current)}, release {_names(schema.heads)}"
    raise KnowctlError(
        ErrorCode.SCHEMA,
        f"the schema is {schema.status.value.replace('_', ' ')} ({schema.database})",
        cause=f"{cause} ({revisions})",
        hint=hint,
        exit_code=ExitCode.REFUSED,
    )


def _names(revisions: tuple[str, ...]) -> str:
    return ", ".join(revisions) or "none"


def _timed_out(error: KnowctlError, seconds: float) -> KnowctlError:
    failure = error.failure
    return KnowctlError(
        ErrorCode.DATABASE,
        f"{failure.message} after {seconds:g} s",
        cause=failure.cause,
        hint=failure.hint,
        exit_code=ExitCode.TIMED_OUT,
    )
