"""What a migrated database has less than the models, or more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from knowalledge_api.database.engine import make_migration_engine, migration_url
from knowalledge_api.database.failures import explained
from knowalledge_api.database.models import Base
from knowalledge_api.database.schema import script_directory
from knowalledge_api.settings import Settings

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationContext
    from sqlalchemy import Connection

COLUMN_CHANGES = {
    "modify_type": "type",
    "modify_nullable": "nullable",
    "modify_default": "default",
    "modify_comment": "comment",
}


@dataclass(frozen=True, slots=True)
class Drift:
    """What the models have and the database has not or otherwise, and what it has besides."""

    missing: tuple[str, ...]
    besides: tuple[str, ...]


def find_drift(settings: Settings) -> Drift:
    """Compare the models with the database, as the role that migrates it; nothing is changed."""
    with (
        explained(migration_url(settings)),
        make_migration_engine(settings).connect() as connection,
    ):
        return sort_out(_compare(connection))


def sort_out(differences: list[Any]) -> Drift:
    """Alembic's differences in words."""
    flat = list(_flat(differences))
    missing = [_words(each) for each in flat if not each[0].startswith("remove_")]
    besides = [_words(each) for each in flat if each[0].startswith("remove_")]
    return Drift(tuple(missing), tuple(besides))


def _compare(connection: Connection) -> list[Any]:
    from alembic.autogenerate import compare_metadata  # noqa: PLC0415 -- start-up time
    from alembic.config import Config  # noqa: PLC0415 -- the same
    from alembic.runtime.environment import EnvironmentContext  # noqa: PLC0415 -- the same

    found: list[Any] = []

    def look(_revision: object, context: MigrationContext) -> list[Any]:
        found.extend(compare_metadata(context, Base.metadata))
        return []

    config = Config(attributes={"connection": connection})
    scripts = script_directory()
    with EnvironmentContext(config, scripts, fn=look, dont_mutate=True):
        scripts.run_env()
    return found


def _flat(differences: list[Any]) -> Iterator[Any]:
    """One tuple a difference: those of one column come as a list."""
    for each in differences:
        if isinstance(each, list):
            yield from each
        else:
            yield each


def _words(difference: Any) -> str:
    kind, *what = difference
    if kind in COLUMN_CHANGES:
        _schema, table, column, _options, there, wanted = what
        return f"column {table}.{column}: {COLUMN_CHANGES[kind]} is {there}, not {wanted}"
    noun = kind.partition("_")[2].replace("_", " ").replace("fk", "foreign key")
    if kind.endswith("_column"):
        return f"column {what[1]}.{what[2].name}"
    if kind.endswith("_table"):
        return f"table {what[0].name}"
    table = getattr(getattr(what[0], "table", None), "name", None)
    return f"{noun} {what[0].name}{f' of {table}' if table else ''}"
