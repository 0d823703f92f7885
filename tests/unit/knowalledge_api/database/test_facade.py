"""The four functions by which scripts use the database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from knowalledge_api.database import (
    check_database_health,
    facade,
    get_database_stats,
    get_db_context,
    init_database,
)
from knowalledge_api.errors import DatabaseUnavailableError


@pytest.fixture(autouse=True)
def process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A process of its own: its directory, its environment, and no database yet."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KNOWCTL_ENV_FILE", raising=False)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    facade.default_database.cache_clear()
    yield tmp_path
    if facade.default_database.cache_info().currsize:
        facade.default_database().close()
        facade.default_database.cache_clear()


def test_a_script_makes_the_schema_and_uses_it(process: Path) -> None:
    assert init_database() is True
    assert (process / "knowalledge.db").exists()
    with get_db_context() as session:
        assert session.execute(text("SELECT version_num FROM alembic_version")).scalar()
    assert check_database_health() is True
    assert get_database_stats() == {
        "type": "QueuePool",
        "size": 10,
        "checked_in": 1,
        "checked_out": 0,
        "overflow": 0,
        "waiting": 0,
    }


def test_a_database_that_is_away_is_unhealthy_and_does_not_become_sqlite(
    process: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{process}/none/x.db")
    assert check_database_health() is False
    with pytest.raises(DatabaseUnavailableError):
        init_database()
    assert list(process.iterdir()) == []
