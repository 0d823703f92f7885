"""The line that a database has gone through."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.event import listens_for
from sqlalchemy.exc import DBAPIError

from knowalledge_api.database import Database, history, schema
from knowalledge_api.database.offline import migration_sql
from tests.support.configuration import sqlite_settings


@pytest.mark.parametrize(
    ("name", "kind", "compared"),
    [
        ("schema_history", "table", False),
        ("users", "table", True),
        ("schema_history", "column", True),
        (None, "schema", True),
    ],
)
def test_its_table_alone_is_no_model(name: str | None, kind: str, *, compared: bool) -> None:
    assert history.include_name(name, kind, {}) is compared


def test_each_step_writes_down_where_it_led_to(tmp_path: Path) -> None:
    settings = sqlite_settings(tmp_path)
    with closing(Database(settings)) as database:

        def rows() -> list[tuple[str, str]]:
            with database.connection() as link:
                return [tuple(row) for row in link.execute(text("SELECT * FROM schema_history"))]

        schema.migrate(settings, to="0001")
        assert rows() == [("0001", "0001")]
        schema.migrate(settings, to="0002")
        assert rows() == [("0002", "0001 0002")]
        schema.downgrade(settings, start="0002", to="0001")
        assert rows() == [("0001", "0001")]
        schema.downgrade(settings, start="0001", to="base")
        assert rows() == []


def test_the_line_of_a_revision_is_read_back_and_of_others_there_is_none(tmp_path: Path) -> None:
    settings = sqlite_settings(tmp_path)
    with closing(Database(settings)) as database:
        with database.connection() as link:
            assert history.recorded_line(link, "0001") == frozenset()
        schema.migrate(settings, to="0002")
        with database.connection() as link:
            assert history.recorded_line(link, "0002") == {"0001", "0002"}
            assert history.recorded_line(link, "0001") == frozenset()


def test_a_line_that_another_process_writes_meanwhile_is_read(tmp_path: Path) -> None:
    settings = sqlite_settings(tmp_path)
    with closing(Database(settings)) as database:

        @listens_for(database.engine, "handle_error")
        def other_process(_: object) -> None:
            schema.migrate(settings, to="0001")

        with database.connection() as link:
            assert history.recorded_line(link, "0001") == {"0001"}


def test_a_table_that_can_not_be_read_is_not_one_that_is_not_there(tmp_path: Path) -> None:
    with closing(Database(sqlite_settings(tmp_path))) as database:
        with database.session() as session:
            session.execute(text("CREATE TABLE schema_history (other INTEGER)"))
        with database.engine.connect() as link, pytest.raises(DBAPIError):
            history.recorded_line(link, "0001")


def test_statements_for_another_hand_write_it_down_too() -> None:
    written = migration_sql("postgresql", "0001", "0002")
    assert "CREATE TABLE IF NOT EXISTS schema_history" in written
    assert "VALUES ('0002', '0001 0002')" in written
    assert written.index("DELETE FROM schema_history") < written.index("VALUES ('0002', '0001")
    assert "INSERT INTO schema_history" not in migration_sql(
        "postgresql", "0001", "base", down=True
    )
