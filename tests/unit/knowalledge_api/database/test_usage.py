"""What was used on a day, in the tables."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from knowalledge_api.database import Database
from knowalledge_api.database.models import Base, DailyUsage, Role, Tier, User
from knowalledge_api.database.usage import add_tokens, begin_day, calls_on, count_call
from tests.support.configuration import sqlite_settings

TODAY = date(2026, 1, 1)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(Database(sqlite_settings(tmp_path))) as database:
        Base.metadata.create_all(database.engine)
        with database.session() as session:
            moment = datetime(2026, 1, 1, tzinfo=UTC)
            session.add(User(public_id="ada", role=Role.USER, tier=Tier.FREE, created_at=moment))
        yield database


def count(database: Database, day: date = TODAY, most: int = 3) -> bool:
    with database.session() as session:
        begin_day(session, day)
        return count_call(session, day, most)


def test_calls_are_counted_up_to_the_budget_and_no_further(database: Database) -> None:
    assert [count(database) for _ in range(5)] == [True, True, True, False, False]
    with database.session() as session:
        assert calls_on(session, TODAY) == 3


def test_each_day_begins_with_none(database: Database) -> None:
    assert [count(database, most=1) for _ in range(2)] == [True, False]
    assert count(database, TODAY + timedelta(days=1), most=1)
    with database.session() as session:
        assert calls_on(session, TODAY + timedelta(days=2)) == 0


def test_a_day_that_has_not_begun_counts_nothing(database: Database) -> None:
    with database.session() as session:
        assert not count_call(session, TODAY, 10)


def test_tokens_add_up_a_user_and_a_day(database: Database) -> None:
    for _ in range(2):
        with database.session() as session:
            add_tokens(session, 1, TODAY, 3, 5)
    with database.session() as session:
        add_tokens(session, 1, TODAY + timedelta(days=1), 1, 1)
        rows = session.scalars(select(DailyUsage).order_by(DailyUsage.day)).all()
        found = [(row.day.day, row.requests, row.input_tokens, row.output_tokens) for row in rows]
    assert found == [(1, 2, 6, 10), (2, 1, 1, 1)]
