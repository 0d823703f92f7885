"""Which version the schema has, how that relates to this code's, and how to bring it there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError

from knowalledge_api.database.engine import make_migration_engine, migration_url
from knowalledge_api.database.failures import explain, explained
from knowalledge_api.database.history import recorded_line
from knowalledge_api.database.limits import DDL_LOCK_WAIT
from knowalledge_api.database.locks import Patience, file_lock, lock_connection
from knowalledge_api.database.sessions import Database
from knowalledge_api.database.sqlite import database_file
from knowalledge_api.errors import MigrationError, UnknownRevisionError
from knowalledge_api.settings import Settings
from knowalledge_api.settings.table import Pooler

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.runtime.migration import MigrationContext, MigrationInfo, RevisionStep
    from alembic.script import ScriptDirectory

SCRIPTS: Final = Path(__file__).with_name("migrations")
_REVISIONS: Final = text("SELECT version_num FROM alembic_version")


class SchemaStatus(StrEnum):
    """How the database's version relates to this code's."""

    OK = "ok"
    EMPTY = "empty"
    BEHIND = "behind"
    AHEAD = "ahead"
    DIVERGED = "diverged"
    SEVERAL_HEADS = "several_heads"


@dataclass(frozen=True, slots=True)
class SchemaState:
    """The revisions that the database has (`current`) and that this code ends in (`heads`)."""

    status: SchemaStatus
    current: tuple[str, ...]
    heads: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Migration:
    """What a migration found, what it left, and the revisions applied or undone, in order."""

    before: SchemaState
    after: SchemaState
    applied: tuple[str, ...] = ()
    undone: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KnownRevisions:
    """The revisions that this code brings along, read once: the files do not change under it."""

    heads: tuple[str, ...]
    all: frozenset[str]

    def judge(self, current: tuple[str, ...], line: frozenset[str] = frozenset()) -> SchemaState:
        """Compare the database's revisions with ours.

        `line` is what led the database to a revision that this code does not know. With our
        head in it newer code went on from where we are: *ahead*, as in every rolling update and
        rollback. Without, the database has gone another way, or is another product's: *diverged*.
        """
        return SchemaState(self._status(current, line), current, self.heads)

    def _status(self, current: tuple[str, ...], line: frozenset[str]) -> SchemaStatus:
        if len(self.heads) != 1:
            return SchemaStatus.SEVERAL_HEADS
        if not current:
            return SchemaStatus.EMPTY
        if len(current) > 1:
            return SchemaStatus.DIVERGED
        if current == self.heads:
            return SchemaStatus.OK
        if current[0] in self.all:
            return SchemaStatus.BEHIND
        return SchemaStatus.AHEAD if self.heads[0] in line else SchemaStatus.DIVERGED


def script_directory(directory: Path = SCRIPTS) -> ScriptDirectory:
    """Alembic's view of the migration scripts."""
    from alembic.script import ScriptDirectory  # noqa: PLC0415 -- start-up time

    return ScriptDirectory(str(directory))


@contextmanager
def known_steps() -> Iterator[None]:
    """Raise Alembic's word on a revision that it can't find or reach as UnknownRevisionError."""
    from alembic.util import CommandError  # noqa: PLC0415 -- start-up time

    try:
        yield
    except CommandError as error:
        raise UnknownRevisionError(str(error), "knowctl db history shows what there is") from error


def known_revisions() -> KnownRevisions:
    """Read this code's revisions from its migration scripts."""
    scripts = script_directory()
    every = frozenset(script.revision for script in scripts.walk_revisions())
    return KnownRevisions(tuple(sorted(scripts.get_heads())), every)


def current_revisions(connection: Connection) -> tuple[str, ...]:
    """The revisions that the database has; none before its first migration. One query."""
    try:
        return tuple(sorted(connection.scalars(_REVISIONS)))
    except DBAPIError:
        connection.rollback()
        if not inspect(connection).has_table("alembic_version"):
            return ()
    return tuple(sorted(connection.scalars(_REVISIONS)))  # it was made meanwhile, or can't be read


def state_of(connection: Connection, known: KnownRevisions) -> SchemaState:
    """Compare a database with this code; one query, two where its revision is not ours."""
    current = current_revisions(connection)
    if len(current) != 1 or current[0] in known.all:
        return known.judge(current)
    return known.judge(current, recorded_line(connection, current[0]))


def schema_state(database: Database, known: KnownRevisions | None = None) -> SchemaState:
    """Compare the database's version with this code's; DatabaseUnavailableError if it can't.

    `known` spares a caller who asks often the reading of the scripts.
    """
    known = known or known_revisions()
    with database.connection() as connection:
        return state_of(connection, known)


def migrate(
    settings: Settings,
    *,
    to: str = "head",
    wait: float = 30.0,
    lock_wait: float = DDL_LOCK_WAIT,
) -> Migration:
    """Apply what is missing, as the only process that does; a schema that is ahead is left alone.

    `wait` is how long another process that migrates is waited for, `lock_wait` how long a
    statement waits for a lock, in seconds. Raises DatabaseUnavailableError, or MigrationError
    where the schema can't be brought there, which names the step that failed.
    """
    known = known_revisions()
    with migration_connection(settings, wait=wait, lock_wait=lock_wait) as connection:
        before = _state(connection, known)
        done = before.status is SchemaStatus.OK and to in {"head", *known.heads}
        if done or before.status is SchemaStatus.AHEAD:
            return Migration(before, before)
        _refuse(before)
        steps = _run(connection, lambda scripts, revision: scripts._upgrade_revs(to, revision))  # noqa: SLF001 -- as alembic.command.upgrade does
        return Migration(before, _state(connection, known), steps)


def downgrade(
    settings: Settings,
    *,
    start: str,
    to: str,
    wait: float = 30.0,
    lock_wait: float = DDL_LOCK_WAIT,
) -> Migration:
    """Undo the migrations from `start` down to `to` (a revision, `-1` or `base`), newest first.

    `start` is where the database was when somebody decided on this: MigrationError where it is
    elsewhere by now. Otherwise as `migrate`.
    """
    known = known_revisions()
    with migration_connection(settings, wait=wait, lock_wait=lock_wait) as connection:
        before = _state(connection, known)
        if before.current != (start,):
            found = ", ".join(before.current) or "nothing"
            raise MigrationError(
                f"another process has migrated meanwhile: {start} was expected, {found} is there",
                "knowctl db current, then decide anew",
            )
        steps = _run(connection, lambda scripts, revision: scripts._downgrade_revs(to, revision))  # noqa: SLF001 -- as alembic.command.downgrade does
        return Migration(before, _state(connection, known), undone=steps)


@contextmanager
def migration_connection(
    settings: Settings, *, wait: float, lock_wait: float = DDL_LOCK_WAIT
) -> Iterator[Connection]:
    """A direct connection that holds the migration lock, read for nothing yet."""
    if settings.db_pooler is Pooler.PGBOUNCER and settings.database_migration_url is None:
        raise MigrationError(
            "a migration's lock does not hold through a transaction pooler",
            "set DATABASE_MIGRATION_URL to the database itself",
        )
    patience = Patience(wait)
    with explained(migration_url(settings)):
        engine = make_migration_engine(settings, lock_wait)
        with file_lock(database_file(engine.url), patience), engine.connect() as connection:
            lock_connection(connection, patience)
            yield connection


def _state(connection: Connection, known: KnownRevisions) -> SchemaState:
    state = state_of(connection, known)
    connection.rollback()
    return state


def _refuse(state: SchemaState) -> None:
    current, heads = ", ".join(state.current), ", ".join(state.heads)
    if state.status is SchemaStatus.SEVERAL_HEADS:
        hint = "join them: alembic merge heads"
        raise MigrationError(f"the migration scripts end in more than one head: {heads}", hint)
    if state.status is SchemaStatus.DIVERGED:
        hint = "find out which is right, and 'alembic stamp' it"
        cause = "has more than one revision" if len(state.current) > 1 else "has gone another way"
        raise MigrationError(f"the database {cause}: {current}", hint)


def _run(
    connection: Connection, way: Callable[[ScriptDirectory, Any], list[RevisionStep]]
) -> tuple[str, ...]:
    from alembic.runtime.environment import EnvironmentContext  # noqa: PLC0415 -- start-up time

    scripts = script_directory()
    planned: list[str] = []
    done: list[str] = []

    def plan(revision: Any, _context: MigrationContext) -> list[RevisionStep]:
        steps = way(scripts, revision)
        planned.extend(step.revision.revision for step in steps)
        return steps

    def note(step: MigrationInfo, **_: object) -> None:
        done.extend(str(revision) for revision in step.up_revision_ids)

    config = _config(connection=connection, on_version_apply=note)
    try:
        with known_steps(), EnvironmentContext(config, scripts, fn=plan):
            scripts.run_env()
    except DBAPIError as error:
        raise _step_failed(error, connection, planned[len(done) :]) from error
    return tuple(done)


def _step_failed(error: DBAPIError, connection: Connection, left: list[str]) -> MigrationError:
    step = left[0] if left else "the first"
    cause = f"migration {step} failed: {explain(error, connection.engine.url)}"
    if connection.dialect.name == "mysql":
        hint = f"MariaDB does not undo DDL: undo what {step} did, then migrate again"
        return MigrationError(f"{cause}; it may be half applied", hint)
    return MigrationError(f"{cause}; it was rolled back", "mend the cause, then migrate again")


def _config(**attributes: object) -> Config:
    from alembic.config import Config  # noqa: PLC0415 -- start-up time

    return Config(attributes=attributes)
