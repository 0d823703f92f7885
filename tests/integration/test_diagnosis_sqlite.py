"""What a SQLite file tells of itself, each kind of trouble made for real."""

from __future__ import annotations

from pathlib import Path

import pytest

from knowalledge_api.database.schema import migrate
from knowctl.model.diagnosis import PartStatus
from tests.support import diagnosing
from tests.support.configuration import settings_of
from tests.support.diagnosing import diagnosed

LISTS = {"transactions", "locks", "connections"}


@pytest.fixture
def url(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path}/a.db"
    migrate(settings_of(DATABASE_URL=url))
    return url


def test_all_is_well_and_what_it_keeps_no_list_of_is_skipped(url: str) -> None:
    found = diagnosed(url)
    assert found.failure is None
    assert {name for name, part in found.parts.items() if part.status is not PartStatus.OK} == LISTS
    assert {found.parts[name].status for name in LISTS} == {PartStatus.SKIPPED}
    assert found.status.value == "ok"
    assert found.parts["server"].fact.endswith(", journal wal")


def test_a_writer_that_does_not_end_fails_the_write_test(url: str) -> None:
    with diagnosing.session(url) as writer:
        diagnosing.insert_topic(writer, "held")
        found = diagnosed(url)
        writer.rollback()
    assert found.failure is not None
    assert "locked" in found.parts["write"].cause
    assert diagnosed(url).parts["write"].status is PartStatus.OK


def test_asking_makes_no_file(tmp_path: Path) -> None:
    found = diagnosed(f"sqlite:///{tmp_path}/none.db")
    assert found.parts["connection"].hint == "knowctl db init"
    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_is_not_there_fails() -> None:
    diagnosing.assert_a_silent_database_fails("sqlite:////nowhere/at/all.db")


def test_a_file_without_our_tables_is_degraded(tmp_path: Path) -> None:
    (tmp_path / "a.db").touch()
    diagnosing.assert_a_server_without_our_tables_is_degraded(f"sqlite:///{tmp_path}/a.db")


def test_a_file_opened_for_reading_alone_fails(url: str) -> None:
    part = diagnosed(url.replace("sqlite:///", "sqlite:///file:") + "?mode=ro&uri=true").parts[
        "write"
    ]
    assert (part.status, part.fact) == (PartStatus.FAILED, "read-only")
