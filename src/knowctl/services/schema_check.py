"""The schema judged: reachable, of one line with this release, migrated, without drift."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from knowctl.checks.catalog import SCHEMA
from knowctl.checks.engine import run
from knowctl.checks.selection import Selection, require_ids, selected
from knowctl.errors import KnowctlError
from knowctl.model.database import Drift, Lint, Schema, SchemaFacts, SchemaStatus, Unlinted
from knowctl.model.findings import Report
from knowctl.model.serving import Talk
from knowctl.services.clock import Clock
from knowctl.services.database import FIRST_PAUSE, LONGEST_PAUSE, Database

SUBJECT: Final = "the database"
PENDING: Final = {SchemaStatus.EMPTY, SchemaStatus.BEHIND}
POSTGRESQL_ALONE: Final = Unlinted(
    "squawk reads PostgreSQL's SQL alone", "read what knowctl db upgrade --sql prints"
)


class Compared(Protocol):
    """What the migrations can tell of the database."""

    @property
    def postgresql(self) -> bool:
        """Whether it is PostgreSQL that is migrated."""

    def pending_sql(self, current: tuple[str, ...]) -> Mapping[str, str]:
        """What each pending migration would run, by revision."""

    def drift(self) -> Drift:
        """Where the database differs from the models."""


class Linter(Protocol):
    """Who reads migrations for what would block others."""

    def lint(self, pending: Mapping[str, str]) -> Lint:
        """What there is to say of migrations, given as SQL by revision."""


@dataclass(frozen=True, slots=True)
class Ports:
    """What judging works with."""

    database: Database
    compared: Compared
    linter: Linter
    clock: Clock
    talk: Talk


def check(ports: Ports, selection: Selection, wait: float = 0.0) -> Report:
    """Judge the schema, as it is now or when nothing is pending; `wait` is in seconds."""
    require_ids(SCHEMA, (*selection.select, *selection.ignore))
    late = bool(wait) and not await_schema(ports, wait)
    findings = run(SCHEMA, gather(ports.database, ports.compared, ports.linter))
    shown = selected(SCHEMA, findings, selection)
    return Report(SUBJECT, shown, selection.fail_level, wait if late else None)


def await_schema(ports: Ports, seconds: float) -> bool:
    """Wait until the database answers and nothing is pending; whether that came in time."""
    clock = ports.clock
    deadline, pause, told = clock.now() + seconds, FIRST_PAUSE, ""
    while reason := _reason_to_wait(ports.database):
        if clock.now() + pause > deadline:
            return False
        if reason != told:
            told = reason
            ports.talk.begin("database", f"waiting up to {seconds:g} s: {told}")
        clock.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)
    return True


def gather(database: Database, compared: Compared, linter: Linter) -> SchemaFacts:
    """Ask for as much as the answers before allow: a drift means something at the head alone."""
    try:
        database.ping()
        schema = database.schema()
    except KnowctlError as error:
        return SchemaFacts(failure=error.failure)
    if schema.status is SchemaStatus.OK:
        return _with_drift(SchemaFacts(schema), compared)
    lint: Lint = ()
    if schema.status is SchemaStatus.BEHIND:  # an empty database has nobody to be blocked
        lint = _lint(schema, compared, linter)
    return SchemaFacts(schema, lint=lint)


def _lint(schema: Schema, compared: Compared, linter: Linter) -> Lint:
    if not compared.postgresql:
        return POSTGRESQL_ALONE
    return linter.lint(compared.pending_sql(schema.current))


def _with_drift(facts: SchemaFacts, compared: Compared) -> SchemaFacts:
    try:
        return SchemaFacts(facts.schema, drift=compared.drift())
    except KnowctlError as error:
        return SchemaFacts(facts.schema, drift=error.failure)


def _reason_to_wait(database: Database) -> str:
    try:
        database.ping()
        schema = database.schema()
    except KnowctlError as error:
        return error.failure.cause
    return f"the schema is {schema.status.value}" if schema.status in PENDING else ""
