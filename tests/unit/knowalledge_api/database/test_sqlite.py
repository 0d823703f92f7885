"""SQLite as a database that several threads and processes share."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import make_url, text

from knowalledge_api.database.engine import make_engine, make_migration_engine
from knowalledge_api.database.sqlite import database_file, in_memory
from tests.support.configuration import sqlite_settings


@pytest.mark.parametrize(
    ("url", "file"),
    [
        ("sqlite:///x.db", Path("x.db")),
        ("sqlite:////a/x.db", Path("/a/x.db")),
        ("sqlite:///file:/a/x.db?uri=true", Path("/a/x.db")),
        ("sqlite://", None),
        ("sqlite:///:memory:", None),
        ("sqlite:///file:x?mode=memory&uri=true", None),
        ("postgresql://h/x", None),
    ],
)
def test_its_file_is_known(url: str, file: Path | None) -> None:
    assert database_file(make_url(url)) == file
    assert in_memory(make_url(url)) == (file is None and url.startswith("sqlite"))


def test_migrations_leave_foreign_keys_off(tmp_path: Path) -> None:
    settings = sqlite_settings(tmp_path)
    for engine, expected in ((make_engine(settings), 1), (make_migration_engine(settings), 0)):
        with engine.connect() as link:
            assert link.execute(text("PRAGMA foreign_keys")).scalar() == expected
        engine.dispose()


def test_a_change_of_the_schema_can_be_rolled_back(tmp_path: Path) -> None:
    engine = make_engine(sqlite_settings(tmp_path))
    with engine.connect() as link:
        link.execute(text("CREATE TABLE x (y INTEGER)"))
        link.rollback()
        assert link.execute(text("SELECT name FROM sqlite_master")).all() == []
    engine.dispose()
