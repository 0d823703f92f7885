"""The schema of a database: its revisions, what a migration made of it, what checks may know."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from knowctl.errors import Failure
from knowctl.model.results import Succeeded


class SchemaStatus(StrEnum):
    """The database's schema against this release's migrations."""

    OK = "ok"
    EMPTY = "empty"
    BEHIND = "behind"
    AHEAD = "ahead"
    DIVERGED = "diverged"
    SEVERAL_HEADS = "several_heads"


@dataclass(frozen=True, slots=True)
class Schema(Succeeded):
    """The revisions of the database and of this release."""

    database: str
    status: SchemaStatus
    current: tuple[str, ...]
    heads: tuple[str, ...]

    @property
    def serves(self) -> bool:
        """Whether a server may run on it: ahead is an older release after a newer migration."""
        return self.status in {SchemaStatus.OK, SchemaStatus.AHEAD}

    @property
    def pending(self) -> bool:
        """Whether this release's migrations lead from where it is to where it has to be."""
        return self.status in {SchemaStatus.EMPTY, SchemaStatus.BEHIND}


@dataclass(frozen=True, slots=True)
class Migration(Succeeded):
    """What a run of the migrations changed: all is empty when there was nothing to do.

    `created` says that the database itself was made, `seeded` which topics were written.
    """

    database: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    applied: tuple[str, ...] = ()
    undone: tuple[str, ...] = ()
    created: bool = False
    seeded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Statements(Succeeded):
    """What a migration would run, for another hand; `sql` is empty where nothing is to be done."""

    database: str
    sql: str


class RevisionState(StrEnum):
    """How far a database is, seen from one revision."""

    PENDING = "pending"
    CURRENT = "current"
    APPLIED = "applied"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Revision:
    """One migration of this release; `state` is None where no database was asked."""

    revision: str
    parents: tuple[str, ...]
    title: str
    head: bool
    state: RevisionState | None = None


@dataclass(frozen=True, slots=True)
class Revisions(Succeeded):
    """Migrations of this release, the newest first."""

    database: str
    revisions: tuple[Revision, ...]


@dataclass(frozen=True, slots=True)
class Undoing:
    """What a downgrade would undo, its steps in order, and what the database would lose."""

    steps: tuple[Revision, ...]
    loses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Drift:
    """What the models have and the database has not or otherwise, and what it has besides."""

    missing: tuple[str, ...] = ()
    besides: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Complaint:
    """What a linter says of one migration."""

    revision: str
    rule: str
    message: str


@dataclass(frozen=True, slots=True)
class Unlinted:
    """Why pending migrations were not linted, and what to do about it."""

    cause: str
    hint: str


Lint = tuple[Complaint, ...] | Unlinted


@dataclass(frozen=True, slots=True)
class SchemaFacts:
    """All that checks may know of the schema.

    `failure` is why the database can't be asked; `drift` is None where nothing was compared,
    or why it could not be.
    """

    schema: Schema | None = None
    failure: Failure | None = None
    drift: Drift | Failure | None = None
    lint: Lint = ()
