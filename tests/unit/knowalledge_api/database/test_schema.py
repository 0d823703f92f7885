"""Which version the schema has."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.event import listen, listens_for
from sqlalchemy.exc import OperationalError

from knowalledge_api.database import Database, schema
from knowalledge_api.database.schema import KnownRevisions, SchemaState, SchemaStatus
from knowalledge_api.errors import (
    DatabaseUnavailableError,
    MigrationError,
    UnknownRevisionError,
)
from tests.support.configuration import settings_of, sqlite_settings

KNOWN = KnownRevisions(("2",), frozenset({"1", "2"}))


@pytest.mark.parametrize(
    ("current", "status"),
    [
        ((), SchemaStatus.EMPTY),
        (("1",), SchemaStatus.BEHIND),
        (("2",), SchemaStatus.OK),
        (("1", "2"), SchemaStatus.DIVERGED),
    ],
)
def test_the_database_is_compared_with_the_code(
    current: tuple[str, ...], status: SchemaStatus
) -> None:
    assert KNOWN.judge(current) == SchemaState(status, current, ("2",))


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ({"1", "2", "3"}, SchemaStatus.AHEAD),
        ({"2", "3"}, SchemaStatus.AHEAD),
        ({"1", "3"}, SchemaStatus.DIVERGED),
        ({"a", "3"}, SchemaStatus.DIVERGED),
        (set(), SchemaStatus.DIVERGED),
    ],
)
def test_what_led_to_an_unknown_revision_tells_ahead_from_diverged(
    line: set[str], status: SchemaStatus
) -> None:
    assert KNOWN.judge(("3",), frozenset(line)).status is status


def test_a_newer_release_is_told_from_another_line_by_what_it_wrote_down(tmp_path: Path) -> None:
    settings = sqlite_settings(tmp_path)
    schema.migrate(settings)
    older, other = KnownRevisions(("0001",), frozenset({"0001"})), KNOWN
    with closing(Database(settings)) as database:
        assert schema.schema_state(database, older).status is SchemaStatus.AHEAD
        assert schema.schema_state(database, other).status is SchemaStatus.DIVERGED
        with database.session() as session:
            session.execute(text("DROP TABLE schema_history"))
        assert schema.schema_state(database, older).status is SchemaStatus.DIVERGED


def test_a_known_revision_costs_one_query_and_an_unknown_one_two(tmp_path: Path) -> None:
    settings = sqlite_settings(tmp_path)
    schema.migrate(settings)
    asked: list[str] = []
    with closing(Database(settings)) as database:
        listen(database.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
        for known, queries in ((schema.known_revisions(), 1), (KNOWN, 2)):
            asked.clear()
            schema.schema_state(database, known)
            assert len([each for each in asked if each.startswith("SELECT")]) == queries


def test_an_upgrade_may_end_before_the_head(tmp_path: Path) -> None:
    settings = sqlite_settings(tmp_path)
    assert schema.migrate(settings, to="0001").after.status is SchemaStatus.BEHIND
    assert schema.migrate(settings, to="+1").applied == ("0002",)
    assert schema.migrate(settings, to="0001").applied == ()


@pytest.mark.parametrize("to", ["nowhere", "+99"])
def test_an_upgrade_to_nowhere_changes_nothing(tmp_path: Path, to: str) -> None:
    settings = sqlite_settings(tmp_path)
    schema.migrate(settings, to="0001")
    with pytest.raises(UnknownRevisionError):
        schema.migrate(settings, to=to)
    with closing(Database(settings)) as database:
        assert schema.schema_state(database).current == ("0001",)


def test_a_downgrade_undoes_step_by_step(tmp_path: Path) -> None:
    settings = sqlite_settings(tmp_path)
    schema.migrate(settings, to="0002")
    done = schema.downgrade(settings, start="0002", to="base")
    assert (done.applied, done.undone) == ((), ("0002", "0001"))
    assert done.after.status is SchemaStatus.EMPTY


def test_a_downgrade_that_was_decided_on_another_schema_is_not_run(tmp_path: Path) -> None:
    settings = sqlite_settings(tmp_path)
    schema.migrate(settings, to="0001")
    with pytest.raises(MigrationError, match="0002 was expected, 0001 is there"):
        schema.downgrade(settings, start="0002", to="-1")
    with closing(Database(settings)) as database:
        assert schema.schema_state(database).current == ("0001",)


def test_a_statement_waits_for_a_lock_as_long_as_was_said(tmp_path: Path) -> None:
    settings = sqlite_settings(tmp_path)
    with schema.migration_connection(settings, wait=0, lock_wait=3) as connection:
        assert connection.scalar(text("PRAGMA busy_timeout")) == 3000


def test_two_heads_are_a_fault_of_the_code() -> None:
    two = KnownRevisions(("1", "2"), frozenset({"1", "2"}))
    assert two.judge(("1", "2")).status is SchemaStatus.SEVERAL_HEADS
    with pytest.raises(MigrationError, match="more than one head: 1, 2"):
        schema._refuse(two.judge(()))


def test_a_diverged_database_is_not_migrated(tmp_path: Path) -> None:
    settings = sqlite_settings(tmp_path)
    schema.migrate(settings)
    with closing(Database(settings)) as database, database.session() as session:
        session.execute(text("INSERT INTO alembic_version VALUES ('x')"))
    with pytest.raises(MigrationError, match=r"more than one revision: \d{4}, x"):
        schema.migrate(settings)


def test_migrating_tells_what_it_did(tmp_path: Path) -> None:
    done = schema.migrate(sqlite_settings(tmp_path))
    assert (done.before.status, done.after.status) == (SchemaStatus.EMPTY, SchemaStatus.OK)
    assert done.applied[-1:] == done.after.current == schema.known_revisions().heads
    assert done.applied[0] == "0001"


def test_the_code_has_one_head() -> None:
    known = schema.known_revisions()
    assert len(known.heads) == 1
    assert known.all >= set(known.heads)


def test_a_version_table_that_can_not_be_read_is_not_an_empty_database(tmp_path: Path) -> None:
    with closing(Database(sqlite_settings(tmp_path))) as database:
        with database.session() as session:
            session.execute(text("CREATE TABLE alembic_version (other INTEGER)"))
        with database.engine.connect() as link, pytest.raises(OperationalError):
            schema.current_revisions(link)
        with pytest.raises(DatabaseUnavailableError, match="no such column"):
            schema.schema_state(database, KNOWN)


def test_a_version_table_that_another_process_makes_meanwhile_is_read(tmp_path: Path) -> None:
    settings = sqlite_settings(tmp_path)
    with closing(Database(settings)) as database:

        @listens_for(database.engine, "handle_error")
        def other_process(_: object) -> None:
            schema.migrate(settings, to="0001")

        assert schema.schema_state(database).current == ("0001",)


def test_a_transaction_pooler_is_no_place_for_a_lock() -> None:
    settings = settings_of(DATABASE_URL="postgresql://h/x", DB_POOLER="pgbouncer")
    with pytest.raises(MigrationError, match="pooler") as caught:
        schema.migrate(settings)
    assert "DATABASE_MIGRATION_URL" in caught.value.hint


def test_the_database_is_imported_without_what_it_may_not_need() -> None:
    script = "import sys, knowalledge_api.database; print(sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, check=True, text=True
    )
    loaded = {
        name for name in ("alembic", "flask", "psycopg2", "pymysql") if f"'{name}'" in done.stdout
    }
    assert loaded == set()
