"""The database: make it, migrate it, say where it stands, and whether all is well with it."""

from typing import Annotated

import typer

from knowctl.checks.selection import Selection
from knowctl.choices import Severity
from knowctl.context import Context
from knowctl.model.database import Migration, Revisions, Schema, Statements
from knowctl.model.diagnosis import Diagnosis
from knowctl.model.findings import Report
from knowctl.model.results import WrittenFile
from knowctl.options import FailLevel, Ignore, Option, Select
from knowctl.services import database, diagnosis, migrations, schema_check
from knowctl.shell import RelativeCommand, command, group

app = group("Create, migrate and inspect the database.\n\nExample: knowctl db init")

Sql = Annotated[bool, Option("--sql", help="Print the statements, and change nothing.")]
LockTimeout = Annotated[
    int,
    Option(metavar="SECONDS", min=1, max=3600, help="How long a statement waits for a lock."),
]


@app.command()
@command
def init(
    context: Context,
    create: Annotated[
        bool, Option("--create", help="Make the database itself where there is none.")
    ] = False,
    seed: Annotated[
        bool, Option("--seed", help="Write a few topics; in development alone.")
    ] = False,
) -> Migration:
    """Create the schema, or bring it up to this release; safe to repeat.

    Example: knowctl db init --create
    """
    return migrations.initialise(context.migrations(), migrations.Beginning(create, seed))


@app.command()
@command
def upgrade(
    context: Context,
    revision: Annotated[
        str, typer.Argument(metavar="REV", help="How far; FROM:TO with --sql asks no database.")
    ] = "head",
    sql: Sql = False,
    lock_timeout: LockTimeout = 5,
) -> Migration | Statements:
    """Apply pending migrations, as the only process that does.

    Example: knowctl db upgrade --sql > pending.sql
    """
    ports = context.migrations()
    if sql:
        return migrations.statements(ports, revision, lock_timeout)
    return migrations.upgrade(ports, revision, lock_timeout)


@app.command(cls=RelativeCommand)
@command
def downgrade(
    context: Context,
    revision: Annotated[
        str, typer.Argument(metavar="REV", help="Where to: -1, a revision, or base for all.")
    ],
    sql: Sql = False,
    lock_timeout: LockTimeout = 5,
    yes: Annotated[bool, Option("--yes", help="Do not ask.")] = False,
) -> Migration | Statements:
    """Undo migrations, and with them the tables and columns that they made.

    Example: knowctl db downgrade -1 --yes
    """
    ports = context.migrations()
    if sql:
        return migrations.statements(ports, revision, lock_timeout, down=True)
    return migrations.downgrade(ports, revision, lock_timeout, confirmed=yes)


@app.command()
@command
def current(context: Context) -> Schema:
    """Show the database's revision beside this release's.

    Example: knowctl db current -o json
    """
    return database.current(context.database())


@app.command()
@command
def history(context: Context) -> Revisions:
    """List the migrations, the newest first, and how far the database is.

    Example: knowctl db history
    """
    return migrations.history(context.migrations())


@app.command()
@command
def heads(context: Context) -> Revisions:
    """List the migrations that none comes after; there should be one.

    Example: knowctl db heads -o json
    """
    return migrations.heads(context.migrations().migrations)


@app.command()
@command
def revision(
    context: Context,
    message: Annotated[str, Option("-m", "--message", help="What the migration does.")],
    autogenerate: Annotated[
        bool, Option("--autogenerate", help="Write what leads from database to models.")
    ] = False,
) -> WrittenFile:
    """Write a new migration, in a checkout of the source.

    Example: knowctl db revision -m "keep notes" --autogenerate
    """
    return migrations.write(context.migrations().migrations, message, autogenerate=autogenerate)


@app.command()
@command
def check(
    context: Context,
    wait: Annotated[
        float, Option(min=0, max=3600, help="Seconds to wait until nothing is pending.")
    ] = 0,
    fail_level: FailLevel = Severity.ERROR,
    select: Select = None,
    ignore: Ignore = None,
) -> Report:
    """Judge the schema: reachable, of this release's line, migrated, without drift.

    Example: knowctl db check --wait 60
    """
    selection = Selection(fail_level, tuple(select or ()), tuple(ignore or ()))
    return schema_check.check(context.schema_check(), selection, wait)


@app.command()
@command
def health(context: Context) -> Diagnosis:
    """Ask the database server about itself: latency, TLS, writes, locks, replication, room.

    Exit code 1 where it does not answer or can't be written to, else 0.

    Example: knowctl db health -o json
    """
    return diagnosis.diagnose(context.diagnosis())
