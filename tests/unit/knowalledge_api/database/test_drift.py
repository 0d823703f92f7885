"""What a database has less than the models, or more."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    Column,
    Engine,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    Table,
    text,
)
from sqlalchemy.event import listen, remove

from knowalledge_api.database import Database, schema
from knowalledge_api.database.drift import Drift, find_drift, sort_out
from knowalledge_api.errors import DatabaseUnavailableError
from tests.support.configuration import settings_of, sqlite_settings

TABLE = Table("notes", MetaData(), Column("id", Integer), Column("user_id", Integer))
KEY = ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_notes", table=TABLE)


@pytest.mark.parametrize(
    ("difference", "drift"),
    [
        (("add_table", TABLE), Drift(("table notes",), ())),
        (("remove_table", TABLE), Drift((), ("table notes",))),
        (("add_column", None, "notes", TABLE.c.id), Drift(("column notes.id",), ())),
        (("remove_column", None, "notes", TABLE.c.id), Drift((), ("column notes.id",))),
        (("add_fk", KEY), Drift(("foreign key fk_notes of notes",), ())),
        (
            [("modify_nullable", None, "notes", "id", {}, True, False)],
            Drift(("column notes.id: nullable is True, not False",), ()),
        ),
        (
            [("modify_type", None, "notes", "id", {}, Integer(), "BIGINT")],
            Drift(("column notes.id: type is INTEGER, not BIGINT",), ()),
        ),
    ],
)
def test_a_difference_is_told_in_words(difference: object, drift: Drift) -> None:
    assert sort_out([difference]) == drift


def test_a_migrated_database_has_what_the_models_have_and_is_not_touched(tmp_path: Path) -> None:
    settings = sqlite_settings(tmp_path)
    schema.migrate(settings)
    assert find_drift(settings) == Drift((), ())
    with closing(Database(settings)) as database, database.session() as session:
        session.execute(text("DROP INDEX ix_api_keys_user_id"))
        session.execute(text("CREATE TABLE notes (id INTEGER)"))
    found = Drift(("index ix_api_keys_user_id of api_keys",), ("table notes",))
    assert find_drift(settings) == found == find_drift(settings)


def test_comparing_an_empty_database_leaves_it_empty(tmp_path: Path) -> None:
    settings = sqlite_settings(tmp_path)
    asked: list[str] = []

    def note(*told: Any) -> None:
        asked.append(told[2])

    listen(Engine, "before_cursor_execute", note)
    try:
        assert "table users" in find_drift(settings).missing
    finally:
        remove(Engine, "before_cursor_execute", note)
    assert [each for each in asked if "CREATE" in each] == []


def test_a_database_that_is_away_is_told_as_such() -> None:
    with pytest.raises(DatabaseUnavailableError, match="refused"):
        find_drift(settings_of(DATABASE_URL="postgresql://127.0.0.1:1/x"))
