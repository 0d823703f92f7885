"""The line of migrations that a database has gone through, kept beside Alembic's own version."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Column, Connection, MetaData, String, Table, Text, delete, inspect, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import CreateTable

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationContext

HISTORY: Final = Table(
    "schema_history",
    MetaData(),
    Column("revision", String(32), primary_key=True),
    Column("line", Text, nullable=False),
    mysql_engine="InnoDB",
    mysql_charset="utf8mb4",
)
"""One row: the database's revision, and all that lead to it, the oldest first.

It is no model: like Alembic's own table it is there before the first migration has run, and
after the last was undone.
"""


def include_name(name: str | None, kind: str, _parents: object) -> bool:
    """Whether Alembic may compare what has this name with the models."""
    return kind != "table" or name != HISTORY.name


def record(ctx: MigrationContext, heads: Iterable[str]) -> None:
    """Write down where a migration has led to, within its own transaction.

    It is called after each step, of `stamp` and `--sql` too. Where the table is there
    already nothing but rows is written: on MariaDB DDL would end the transaction before.
    """
    if ctx.as_sql or not _is_there(ctx):
        ctx.execute(CreateTable(HISTORY, if_not_exists=True))
    ctx.execute(delete(HISTORY))
    for head in sorted(heads):
        line = " ".join(reversed([each.revision for each in _ancestry(ctx, head)]))
        ctx.execute(HISTORY.insert().values(revision=head, line=line))


def recorded_line(connection: Connection, revision: str) -> frozenset[str]:
    """The revisions that led a database to this one; empty where nobody wrote that down."""
    line = select(HISTORY.c.line).where(HISTORY.c.revision == revision)
    try:
        return frozenset((connection.scalar(line) or "").split())
    except DBAPIError:
        connection.rollback()
        if not inspect(connection).has_table(HISTORY.name):
            return frozenset()
    return frozenset((connection.scalar(line) or "").split())  # made meanwhile, or not readable


def _is_there(ctx: MigrationContext) -> bool:
    return ctx.connection is not None and inspect(ctx.connection).has_table(HISTORY.name)


def _ancestry(ctx: MigrationContext, head: str) -> Iterable[Any]:
    if ctx.script is None:
        raise LookupError("a migration runs without its scripts")
    return ctx.script.iterate_revisions(head, "base")
