"""Migrations: the database made and brought up, taken down, written out, listed, and written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Protocol

from knowctl.errors import ErrorCode, ExitCode, KnowctlError
from knowctl.model.database import (
    Migration,
    Revision,
    Revisions,
    RevisionState,
    Schema,
    SchemaStatus,
    Statements,
    Undoing,
)
from knowctl.model.results import WrittenFile
from knowctl.model.serving import Talk
from knowctl.services.database import MIGRATION_WAIT, Database, refuse

LOCK_WAIT: Final = 5.0
"""Seconds that a migration's statement waits for a lock, by default."""
BASE: Final = "base"
UPWARDS: Final = {SchemaStatus.EMPTY, SchemaStatus.BEHIND, SchemaStatus.OK}
MOVABLE: Final = UPWARDS | {SchemaStatus.AHEAD}


class Migrations(Protocol):
    """This release's migrations, and what may be done with the database besides asking it."""

    @property
    def name(self) -> str:
        """The database's address without its password."""

    @property
    def development(self) -> bool:
        """Whether this is a developer's machine."""

    def revisions(self) -> tuple[Revision, ...]:
        """Every migration of this release, the newest first."""

    def statements(self, start: str | None, end: str, *, down: bool, lock_wait: float) -> str:
        """What a migration from one revision to another would run."""

    def pending_sql(self, current: tuple[str, ...]) -> Mapping[str, str]:
        """What each pending migration would run, by revision."""

    def undoing(self, start: str, to: str) -> Undoing:
        """What a downgrade would undo."""

    def downgrade(self, start: str, to: str, *, wait: float, lock_wait: float) -> Migration:
        """Undo migrations, if the database is still at `start`."""

    def write(self, message: str, *, autogenerate: bool) -> WrittenFile:
        """Write a new migration."""

    def create(self) -> bool:
        """Make the database where there is none; whether it was made."""

    def seed(self) -> tuple[str, ...]:
        """Write a few topics."""


class Person(Talk, Protocol):
    """Who is told, and asked."""

    def confirm(self, question: str) -> bool:
        """Whether a person at a terminal says yes; False where there is none."""


@dataclass(frozen=True, slots=True)
class Ports:
    """What migrating works with."""

    database: Database
    migrations: Migrations
    person: Person


@dataclass(frozen=True, slots=True)
class Beginning:
    """How to begin: `create` makes the database itself, `seed` writes a few topics."""

    create: bool = False
    seed: bool = False


def initialise(ports: Ports, beginning: Beginning) -> Migration:
    """Create or migrate the schema; safe to repeat, and from many processes at once."""
    if beginning.seed and not ports.migrations.development:
        raise KnowctlError(
            ErrorCode.REFUSED,
            f"the database is not seeded ({ports.migrations.name})",
            cause="made-up topics are for development, and APP_ENV says that this is none",
            hint="knowctl db init, without --seed",
            exit_code=ExitCode.REFUSED,
        )
    created = beginning.create and ports.migrations.create()
    done = upgrade(ports)
    seeded = ports.migrations.seed() if beginning.seed else ()
    return replace(done, created=created, seeded=seeded)


def upgrade(ports: Ports, to: str = "head", lock_wait: float = LOCK_WAIT) -> Migration:
    """Apply what is missing up to a revision; a newer release's schema is left alone."""
    schema = ports.database.schema()
    refuse(schema, allowed=MOVABLE)
    if schema.status is SchemaStatus.AHEAD:
        ports.person.warn("schema", "ahead: a newer release has migrated it, and it is left alone")
    return ports.database.migrate(MIGRATION_WAIT, to, lock_wait)


def downgrade(ports: Ports, to: str, lock_wait: float, *, confirmed: bool) -> Migration:
    """Undo migrations down to a revision, once somebody has agreed to what that destroys."""
    schema = ports.database.schema()
    refuse(schema, allowed=UPWARDS)
    start = next(iter(schema.current), None)
    undoing = ports.migrations.undoing(start, to) if start else Undoing((), ())
    if start is None or not undoing.steps:
        return Migration(schema.database, schema.current, schema.current)
    _agree(ports, undoing, to, confirmed=confirmed)
    below = next(iter(undoing.steps[-1].parents), BASE)
    return ports.migrations.downgrade(start, below, wait=MIGRATION_WAIT, lock_wait=lock_wait)


def statements(ports: Ports, way: str, lock_wait: float, *, down: bool = False) -> Statements:
    """What a migration would run, nothing changed.

    `way` is a revision, from where the database is; or FROM:TO, for which nothing is asked.
    """
    start, colon, end = way.rpartition(":")
    if not colon:
        schema = ports.database.schema()
        refuse(schema, allowed=UPWARDS)
        start = next(iter(schema.current), BASE)
    first = None if start in {"", BASE} else start
    sql = ports.migrations.statements(first, end, down=down, lock_wait=lock_wait)
    return Statements(ports.migrations.name, sql.strip())


def history(ports: Ports) -> Revisions:
    """Every migration with how far the database is; unknown where it can't be asked."""
    migrations = ports.migrations
    try:
        schema = ports.database.schema()
    except KnowctlError as error:
        ports.person.warn("database", error.failure.cause)
        schema = None
    marked = _marked(migrations.revisions(), schema)
    return Revisions(schema.database if schema else migrations.name, marked)


def heads(migrations: Migrations) -> Revisions:
    """The migrations that none comes after: one, unless two branches were brought together."""
    found = tuple(each for each in migrations.revisions() if each.head)
    return Revisions(migrations.name, found)


def write(migrations: Migrations, message: str, *, autogenerate: bool) -> WrittenFile:
    """Write a new migration; what it does has to be said."""
    words = " ".join(message.split())
    if not words:
        raise KnowctlError(
            ErrorCode.USAGE,
            "the migration has no name",
            cause="--message is empty",
            hint='knowctl db revision -m "what it does"',
            exit_code=ExitCode.USAGE,
        )
    return migrations.write(words, autogenerate=autogenerate)


def _agree(ports: Ports, undoing: Undoing, to: str, *, confirmed: bool) -> None:
    steps = ", ".join(each.revision for each in undoing.steps)
    losses = ", ".join(undoing.loses) or "no table and no column"
    deed = f"undoes {steps} and drops, with all rows, {losses} ({ports.migrations.name})"
    if confirmed:
        ports.person.warn("downgrade", deed)
    elif not ports.person.confirm(f"This {deed}. Go on?"):
        raise KnowctlError(
            ErrorCode.REFUSED,
            f"nothing was undone ({ports.migrations.name})",
            cause=f"it drops, with all rows, {losses}, and nobody confirmed that",
            hint=f"knowctl db downgrade {to} --yes",
            exit_code=ExitCode.REFUSED,
        )


def _marked(revisions: tuple[Revision, ...], schema: Schema | None) -> tuple[Revision, ...]:
    reached = _reached(revisions, schema)
    if schema is None or reached is None:
        return tuple(replace(each, state=RevisionState.UNKNOWN) for each in revisions)

    def state(each: Revision) -> RevisionState:
        if each.revision in schema.current:
            return RevisionState.CURRENT
        return RevisionState.APPLIED if each.revision in reached else RevisionState.PENDING

    return tuple(replace(each, state=state(each)) for each in revisions)


def _reached(revisions: tuple[Revision, ...], schema: Schema | None) -> set[str] | None:
    """What is applied, as far as this release can tell; None where it can't."""
    if schema is None or schema.status is SchemaStatus.DIVERGED:
        return None
    if schema.status is SchemaStatus.AHEAD:
        return {each.revision for each in revisions}
    parents = {each.revision: each.parents for each in revisions}
    found: set[str] = set()
    ahead = set(schema.current)
    while ahead:
        found |= ahead
        ahead = {parent for each in ahead for parent in parents.get(each, ())} - found
    return found
