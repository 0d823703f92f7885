"""What the schema must be before a server runs on it, and what comes when it is migrated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from knowctl.checks.engine import Fault, NotJudged
from knowctl.errors import Failure
from knowctl.model.database import Drift, Schema, SchemaFacts, SchemaStatus, Unlinted
from knowctl.model.findings import Outcome

MOST_NAMED: Final = 10
"""A database that has nothing in common with the models needs no list of all its tables."""


def answers(facts: SchemaFacts) -> Iterator[Fault]:
    """The database can be asked."""
    if facts.failure:
        yield Fault(facts.failure.cause, facts.failure.hint)


def one_head(facts: SchemaFacts) -> Iterator[Fault]:
    """This release's migrations end in one head."""
    schema = _schema(facts)
    if schema.status is SchemaStatus.SEVERAL_HEADS:
        cause = f"they end in {', '.join(schema.heads)}: nobody can tell which to migrate to"
        yield Fault(cause, "alembic merge heads, in the checkout")


def one_line(facts: SchemaFacts) -> Iterator[Fault]:
    """The database has gone the way of this release's migrations, as far as it got."""
    schema = _schema(facts)
    if schema.status is not SchemaStatus.DIVERGED:
        return
    there, head = ", ".join(schema.current), ", ".join(schema.heads)
    cause = f"the database is at {there}, and {head} of this release did not lead there"
    if len(schema.current) > 1:
        cause = f"the database is at {there} at once"
    yield Fault(cause, "check DATABASE_URL; else restore the release that migrated it")


def nothing_pending(facts: SchemaFacts) -> Iterator[Fault]:
    """Every migration of this release is applied."""
    schema = _schema(facts)
    if schema.status is SchemaStatus.EMPTY:
        yield Fault("the database has no tables yet", "knowctl db upgrade")
    if schema.status is SchemaStatus.BEHIND:
        there, head = ", ".join(schema.current), ", ".join(schema.heads)
        yield Fault(f"the database is at {there}, this release at {head}", "knowctl db upgrade")


def not_ahead(facts: SchemaFacts) -> Iterator[Fault]:
    """No newer release has migrated the database: this one serves on it all the same."""
    schema = _schema(facts)
    if schema.status is SchemaStatus.AHEAD:
        there, head = ", ".join(schema.current), ", ".join(schema.heads)
        cause = f"the database is at {there}, past this release's {head}"
        yield Fault(cause, "finish the update; in a rollback this is as it should be")


def nothing_missing(facts: SchemaFacts) -> Iterator[Fault]:
    """The database has every table, column and index of the models."""
    for each in _drift(facts).missing[:MOST_NAMED]:
        hint = "knowctl db revision --autogenerate, in the checkout, writes what is missing"
        yield Fault(each if ":" in each else f"{each} is missing", hint)


def nothing_besides(facts: SchemaFacts) -> Iterator[Fault]:
    """The database has no table, column or index that the models do not know."""
    for each in _drift(facts).besides[:MOST_NAMED]:
        hint = "add it to the models, or remove it, if it is of no other use"
        yield Fault(f"{each} is in the database alone", hint)


def harmless(facts: SchemaFacts) -> Iterator[Fault]:
    """No pending migration locks or rewrites a table that may be large."""
    if isinstance(facts.lint, Unlinted):
        raise NotJudged(Outcome.SKIPPED, facts.lint.cause, facts.lint.hint)
    for each in facts.lint:
        hint = f"https://squawkhq.com/docs/{each.rule} says how to do it without"
        yield Fault(f"{each.revision}: {each.message} ({each.rule})", hint)


def _schema(facts: SchemaFacts) -> Schema:
    if facts.schema is None:
        raise NotJudged(Outcome.UNKNOWN, "nobody asked for the revision", "report this as a bug")
    return facts.schema


def _drift(facts: SchemaFacts) -> Drift:
    if isinstance(facts.drift, Drift):
        return facts.drift
    if isinstance(facts.drift, Failure):
        raise NotJudged(Outcome.UNKNOWN, facts.drift.cause, facts.drift.hint)
    raise NotJudged(Outcome.UNKNOWN, "nothing was compared", "report this as a bug")
