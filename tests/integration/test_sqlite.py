"""SQLite, the database of development."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from knowalledge_api.database import locks, schema
from knowalledge_api.errors import DatabaseUnavailableError, MigrationError
from tests.support import database_life as life
from tests.support.configuration import settings_of


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/knowalledge.db"


def test_a_schema_goes_up_and_down(url: str) -> None:
    life.assert_a_schema_goes_up_and_down(url)


def test_states_are_told_apart(url: str) -> None:
    life.assert_states_are_told_apart(url)


def test_one_of_many_migrates(url: str) -> None:
    life.assert_one_of_many_migrates(url)


def test_learners_are_answered(url: str) -> None:
    life.assert_learners_are_answered(url)


def test_writers_of_one_key_get_along(url: str) -> None:
    life.assert_writers_of_one_key_get_along(url)


def test_nothing_is_imported_on_a_request(url: str) -> None:
    life.assert_nothing_is_imported_on_a_request(url)


def test_connections_have_wal_patience_and_foreign_keys(url: str) -> None:
    with life.opened(settings_of(DATABASE_URL=url)) as database, database.connection() as link:
        pragmas = [
            link.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "busy_timeout", "foreign_keys")
        ]
    assert pragmas == ["wal", 1600, 1]


def test_a_missing_directory_is_named_and_not_made(tmp_path: Path) -> None:
    settings = settings_of(DATABASE_URL=f"sqlite:///{tmp_path}/none/x.db")
    with pytest.raises(DatabaseUnavailableError, match=f"no directory {tmp_path}/none") as caught:
        schema.migrate(settings)
    assert caught.value.hint == f"mkdir -p {tmp_path}/none"
    assert not (tmp_path / "none").exists()


def test_who_waits_too_long_for_the_lock_is_told(url: str, tmp_path: Path) -> None:
    file = tmp_path / "knowalledge.db"
    with (
        locks.file_lock(file, locks.Patience(0)),
        pytest.raises(MigrationError, match="another process is migrating"),
    ):
        schema.migrate(settings_of(DATABASE_URL=url), wait=0)


def test_a_failed_migration_is_rolled_back_and_named(url: str) -> None:
    settings = settings_of(DATABASE_URL=url)
    with life.opened(settings) as database:
        with database.session() as session:
            session.execute(text("CREATE TABLE generated_content (id INTEGER)"))
        with pytest.raises(MigrationError, match=r"migration 0001 failed.*rolled back"):
            schema.migrate(settings)
        with database.session() as session:
            tables = session.scalars(text("SELECT name FROM sqlite_master")).all()
    assert tables == ["generated_content"]
