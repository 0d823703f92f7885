"""Whether this server should get requests."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import event, text

from knowalledge_api.database import Database
from knowalledge_api.database.schema import KnownRevisions, known_revisions, migrate
from knowalledge_api.generation import VARIABLE, current
from knowalledge_api.health import (
    Check,
    CheckStatus,
    Readiness,
    Report,
    is_draining,
    schema_check,
)
from knowalledge_api.stores.store import Store
from tests.support.configuration import settings_of, sqlite_settings
from tests.support.stores import LOST, FakeLinks, store_of

KNOWN = KnownRevisions(("2",), frozenset({"1", "2"}))


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    settings = sqlite_settings(tmp_path)
    migrate(settings)
    with closing(Database(settings)) as database:
        yield database


def counted(database: Database) -> list[str]:
    """The statements that are executed from now on."""
    statements: list[str] = []
    event.listen(
        database.engine, "before_cursor_execute", lambda *given: statements.append(given[2])
    )
    return statements


def test_a_database_at_this_codes_version_is_ready(database: Database) -> None:
    report = Readiness(database).check()
    assert report.ready
    assert [(check.name, check.status) for check in report.checks] == [
        ("database", CheckStatus.OK),
        ("schema", CheckStatus.OK),
    ]


@pytest.mark.parametrize(
    ("current", "status", "ready"),
    [
        ((), CheckStatus.FAILED, False),
        (("1",), CheckStatus.FAILED, False),
        (("2",), CheckStatus.OK, True),
        (("3",), CheckStatus.DEGRADED, True),
        (("other",), CheckStatus.FAILED, False),
        (("1", "2"), CheckStatus.FAILED, False),
    ],
)
def test_a_schema_that_is_behind_is_not_ready_and_one_ahead_is(
    current: tuple[str, ...], status: CheckStatus, ready: bool
) -> None:
    check = schema_check(
        KNOWN.judge(current, frozenset({"1", "2"}) if "3" in current else frozenset())
    )
    assert check.status is status
    assert Report((check,)).ready is ready
    assert bool(check.detail) == (status is not CheckStatus.OK)


def test_a_database_that_is_away_leaves_the_schema_unknown() -> None:
    away = Database(settings_of(DATABASE_URL="sqlite:////nowhere/x.db"))
    report = Readiness(away, KNOWN).check()
    assert not report.ready
    assert [check.status for check in report.checks] == ["failed", "unknown"]
    assert "no directory" in report.checks[0].detail


def test_an_answer_holds_for_a_second(database: Database) -> None:
    clock = Clock()
    readiness = Readiness(database, clock=clock)
    statements = counted(database)
    first = readiness.check()
    clock.now = 0.99
    assert readiness.check() is first
    clock.now = 1.0
    assert readiness.check() is not first
    assert len([each for each in statements if "alembic_version" in each]) == 2


def test_a_storm_of_probes_asks_once(database: Database) -> None:
    readiness = Readiness(database, clock=Clock())
    statements = counted(database)
    start = threading.Barrier(8)

    def probe(_: int) -> Report:
        start.wait()
        return readiness.check()

    with ThreadPoolExecutor(8) as threads:
        reports = list(threads.map(probe, range(8)))
    assert len({id(report) for report in reports}) == 1
    assert len([each for each in statements if "alembic_version" in each]) == 1


def test_each_change_is_told_once(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "knowalledge_api.health")
    clock = Clock()
    known = known_revisions()
    readiness = Readiness(database, known, clock=clock)

    def checked(version: str) -> None:
        with database.session() as session:
            for table, column in (
                ("alembic_version", "version_num"),
                ("schema_history", "revision"),
            ):
                statement = f"UPDATE {table} SET {column} = :v"  # noqa: S608 -- our own names
                session.execute(text(statement), {"v": version})
        clock.now += 2
        readiness.check()

    (head,) = known.heads
    for version in (head, head, "newer", "newer", head):
        checked(version)
    assert [record.getMessage() for record in caplog.records] == [
        "readiness: schema: ahead of this code",
        "readiness: all is well again",
    ]


def test_an_outage_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    away = Database(settings_of(DATABASE_URL="sqlite:////nowhere/x.db"))
    Readiness(away, KNOWN).check()
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_a_check_is_ok_without_words() -> None:
    assert Report((Check("x", CheckStatus.OK),)).ready
    assert not Report((Check("x", CheckStatus.UNKNOWN),)).ready


def test_a_drain_is_seen_at_once_and_so_is_its_end(database: Database) -> None:
    wanted = [False, True, False]
    readiness = Readiness(database, clock=Clock(), draining=lambda: wanted.pop(0))
    statements = counted(database)
    first, drained, last = readiness.check(), readiness.check(), readiness.check()
    assert [report.ready for report in (first, drained, last)] == [True, False, True]
    assert [(check.name, check.status) for check in drained.checks] == [
        ("database", CheckStatus.OK),
        ("schema", CheckStatus.OK),
        ("drain", CheckStatus.FAILED),
    ]
    assert last is first
    assert len([each for each in statements if "alembic_version" in each]) == 1


def test_the_supervisors_file_means_that_it_drains(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drain = tmp_path / "drain"
    drain.touch()
    current.cache_clear()
    assert not is_draining()  # without a supervisor
    facts = {"number": 1, "directory": str(tmp_path / "gen-1"), "gate": 4, "report": 5}
    monkeypatch.setenv(VARIABLE, json.dumps(facts))
    current.cache_clear()
    try:
        assert is_draining()
        drain.unlink()
        assert not is_draining()
    finally:
        current.cache_clear()


def test_a_redis_that_is_away_is_told_and_does_not_keep_requests_away(database: Database) -> None:
    links = FakeLinks()
    store = store_of(links)
    readiness = Readiness(database, clock=Clock(), store=store)
    assert readiness.check().checks[-1] == Check("redis", CheckStatus.OK)
    links.broken = LOST
    store.look()
    report = readiness.check()
    assert report.ready
    assert report.checks[-1] == Check("redis", CheckStatus.DEGRADED, "Connection refused.")


def test_where_no_redis_is_wanted_none_is_told_of(database: Database) -> None:
    readiness = Readiness(database, store=Store(None))
    assert [check.name for check in readiness.check().checks] == ["database", "schema"]
