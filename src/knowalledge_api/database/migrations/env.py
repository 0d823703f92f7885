"""Alembic's entry: runs or writes migrations for `schema`, `offline` and plain `alembic`."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Literal

from alembic import context
from alembic.util import CommandError

from knowalledge_api.database.engine import migration_url
from knowalledge_api.database.history import include_name, record
from knowalledge_api.database.models import Base, UtcDateTime
from knowalledge_api.database.models.columns import LONGEST_WORD, OneOf
from knowalledge_api.database.schema import migration_connection
from knowalledge_api.errors import DatabaseUnavailableError, MigrationError
from knowalledge_api.settings import SettingsError
from knowalledge_api.settings.process import from_process

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from alembic.autogenerate.api import AutogenContext
    from alembic.operations.ops import MigrationScript
    from alembic.runtime.migration import MigrationContext, MigrationInfo
    from sqlalchemy import Connection

LOCK_WAIT = 30.0


def render_item(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:
    """Write our own column types into a migration as what they are in the database today."""
    if kind != "type" or not isinstance(item, UtcDateTime | OneOf):
        return False
    autogen.imports.add("from sqlalchemy.dialects import mysql")
    if isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True).with_variant(mysql.DATETIME(fsp=6), 'mysql')"
    exact = f"mysql.VARCHAR({LONGEST_WORD}, charset='ascii', collation='ascii_bin')"
    return f"sa.String({LONGEST_WORD}).with_variant({exact}, 'mysql')"


def number_revision(
    _context: MigrationContext, _revision: object, directives: list[MigrationScript]
) -> None:
    """Number a new revision behind those that are there, unless `--rev-id` says its name."""
    if not getattr(context.config.cmd_opts, "rev_id", None):
        taken = [each.revision for each in context.script.walk_revisions()]
        directives[0].rev_id = f"{max(map(int, filter(str.isdigit, taken)), default=0) + 1:04}"


def note_step(
    ctx: MigrationContext, step: MigrationInfo, heads: Collection[Any], run_args: Mapping[str, Any]
) -> None:
    """Write down where a step has led to, and tell whoever runs the migrations."""
    record(ctx, heads)
    note = context.config.attributes.get("on_version_apply")
    if note:
        note(ctx=ctx, step=step, heads=heads, run_args=run_args)


def configure(**where: Any) -> None:
    """What holds however the migrations are run."""
    context.configure(
        target_metadata=Base.metadata,
        compare_type=True,
        transaction_per_migration=True,
        render_item=render_item,
        process_revision_directives=number_revision,
        include_name=include_name,
        on_version_apply=note_step,
        **where,
    )


def run(connection: Connection) -> None:
    """Run on a connection; SQLite can roll DDL back too, since we begin its transactions."""
    configure(
        connection=connection,
        render_as_batch=connection.dialect.name == "sqlite",
        transactional_ddl=connection.dialect.name != "mysql",
    )
    with context.begin_transaction():
        context.run_migrations()


def write(dialect: str) -> None:
    """Write the statements for a dialect, and connect to nothing."""
    configure(dialect_name=dialect, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()


def run_from_checkout() -> None:
    """Run as `alembic …`: with the settings of this process, and under the migration lock."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s [%(name)s] %(message)s")
    settings = from_process()
    if context.is_offline_mode():
        url = migration_url(settings)
        write(url.get_backend_name())
        return
    with migration_connection(settings, wait=LOCK_WAIT) as connection:
        run(connection)


given = context.config.attributes
if "connection" in given:
    run(given["connection"])
elif "dialect" in given:
    write(given["dialect"])
else:
    try:
        run_from_checkout()
    except (DatabaseUnavailableError, MigrationError) as error:
        raise CommandError(f"{error} ({error.hint})") from error
    except SettingsError as error:
        raise CommandError(str(error)) from error
