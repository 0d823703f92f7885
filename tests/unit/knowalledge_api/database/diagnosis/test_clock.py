from __future__ import annotations

from contextlib import closing
from pathlib import Path

from knowalledge_api.database import Database
from knowalledge_api.database.diagnosis.clock import ahead
from tests.support.configuration import sqlite_settings


def test_sqlite_has_no_clock_of_its_own(tmp_path: Path) -> None:
    with closing(Database(sqlite_settings(tmp_path))) as database:
        assert ahead(database) is None
    assert list(tmp_path.iterdir()) == []
