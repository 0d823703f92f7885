"""What learners handed in, in the tables."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from knowalledge_api.database import Database
from knowalledge_api.database.learning import MOST, Known, Result, keep_result, known_by
from knowalledge_api.database.models import Base, Progress, QuizResult, Role, Tier, User
from tests.support.configuration import sqlite_settings

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
RESULT = Result(
    user=1,
    topic="量子力学",
    topic_digest="a" * 64,
    subtopic=None,
    subtopic_digest="b" * 64,
    difficulty="hard",
    score=2,
    total=3,
    mastery_level=2,
    at=NOON,
)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(Database(sqlite_settings(tmp_path))) as database:
        Base.metadata.create_all(database.engine)
        with database.session() as session:
            session.add_all(
                User(public_id=name, role=Role.USER, tier=Tier.FREE, created_at=NOON)
                for name in ("ada", "bob")
            )
        yield database


def keep(database: Database, *results: Result) -> None:
    for result in results:
        with database.session() as session:
            keep_result(session, result)


def known(database: Database, user: int = 1, topic: str | None = None) -> tuple[Known, ...]:
    with database.session() as session:
        return known_by(session, user, topic)


def test_the_latest_result_is_what_is_known(database: Database) -> None:
    later = replace(RESULT, mastery_level=3, at=NOON + timedelta(1))
    keep(database, RESULT, later)
    assert known(database) == (Known("量子力学", None, 3, later.at),)
    with database.session() as session:
        assert session.scalar(select(func.count()).select_from(QuizResult)) == 2


def test_each_learner_has_their_own(database: Database) -> None:
    keep(database, RESULT, replace(RESULT, user=2, mastery_level=1))
    assert [each.mastery_level for each in known(database)] == [2]
    assert [each.mastery_level for each in known(database, 2)] == [1]
    assert known(database, 3) == ()


def test_subtopics_are_apart_and_the_latest_comes_first(database: Database) -> None:
    other = replace(RESULT, subtopic="Spin", subtopic_digest="c" * 64, at=NOON + timedelta(1))
    elsewhere = replace(RESULT, topic="x", topic_digest="d" * 64, at=NOON - timedelta(1))
    keep(database, RESULT, other, elsewhere)
    assert [each.subtopic for each in known(database)] == ["Spin", None, None]
    assert [each.topic for each in known(database, topic="d" * 64)] == ["x"]


def test_no_more_is_read_than_can_be_shown(database: Database) -> None:
    row = {"user_id": 1, "subtopic_digest": "b" * 64, "topic": "x", "mastery_level": 1}
    with database.session() as session:
        session.add_all(
            Progress(**row, topic_digest=f"{number:064d}", last_accessed_at=NOON)
            for number in range(MOST + 5)
        )
    assert len(known(database)) == MOST
