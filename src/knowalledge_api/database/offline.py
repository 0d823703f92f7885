"""Migrations as SQL, to be read, linted or run by another hand; nothing is connected to."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING, Any, Final

from knowalledge_api.database.engine import migration_url
from knowalledge_api.database.limits import DDL_LOCK_WAIT
from knowalledge_api.database.schema import known_steps, script_directory
from knowalledge_api.settings import Settings

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationContext, RevisionStep

LOCK_WAITS: Final = {
    "postgresql": "SET lock_timeout = '{:g}s';",
    "mysql": "SET SESSION lock_wait_timeout = {:.0f};",
    "sqlite": "PRAGMA foreign_keys = OFF;",
}
"""What `schema.migrate` sets for its own connection, by dialect."""


def migration_sql(
    where: Settings | str,
    start: str | None = None,
    end: str = "head",
    *,
    down: bool = False,
    lock_wait: float = DDL_LOCK_WAIT,
) -> str:
    """The statements that bring a schema from `start` (None: nothing there) to `end`.

    `where` is a dialect (postgresql, mysql or sqlite), or the settings that name one; `down`
    undoes migrations. Empty where there is nothing to do; UnknownRevisionError where a revision
    is not known, or `end` does not lie in that direction.
    """
    from alembic.config import Config  # noqa: PLC0415 -- start-up time
    from alembic.runtime.environment import EnvironmentContext  # noqa: PLC0415 -- the same

    dialect = where if isinstance(where, str) else migration_url(where).get_backend_name()
    scripts = script_directory()
    written = StringIO()
    planned: list[RevisionStep] = []

    def plan(revision: Any, _context: MigrationContext) -> list[RevisionStep]:
        way = scripts._downgrade_revs if down else scripts._upgrade_revs  # noqa: SLF001 -- as alembic.command does
        planned.extend(way(end, revision))
        return planned

    config = Config(attributes={"dialect": dialect}, output_buffer=written)
    ends = {"starting_rev": start, "destination_rev": end}
    with known_steps(), EnvironmentContext(config, scripts, fn=plan, as_sql=True, **ends):
        scripts.run_env()
    return f"{LOCK_WAITS[dialect].format(lock_wait)}\n\n{written.getvalue()}" if planned else ""
