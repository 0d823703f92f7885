"""Content in the tables."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, func, select

from knowalledge_api.database import Database
from knowalledge_api.database.contents import Content, StoredContent, find_content, store_content
from knowalledge_api.database.models import Base, GeneratedContent, Topic
from tests.support.configuration import sqlite_settings

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
CONTENT = Content(
    key="key",
    topic="量子力学",
    topic_digest="digest",
    kind="subtopics",
    language="zh",
    source="offline",
    body=["一", "二"],
    quality_score=1.0,
    created_at=NOON,
)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(Database(sqlite_settings(tmp_path))) as database:
        Base.metadata.create_all(database.engine)
        yield database


def found(database: Database, key: str, since: datetime) -> StoredContent | None:
    with database.session() as session:
        return find_content(session, key, since=since)


def counted(database: Database) -> list[int]:
    with database.session() as session:
        return [
            session.scalar(select(func.count()).select_from(table)) or 0
            for table in (Topic, GeneratedContent)
        ]


def test_what_was_stored_is_found_while_it_is_young(database: Database) -> None:
    store_content(database, CONTENT)
    young = found(database, "key", NOON - timedelta(seconds=1))
    assert young == StoredContent(["一", "二"], NOON)
    assert found(database, "key", NOON) is None
    assert found(database, "other", NOON - timedelta(1)) is None


def test_newer_content_takes_the_place_of_older(database: Database) -> None:
    store_content(database, CONTENT)
    later = replace(CONTENT, body=["三"], created_at=NOON + timedelta(1))
    store_content(database, later)
    assert found(database, "key", NOON) == StoredContent(["三"], later.created_at)
    assert counted(database) == [1, 1]


def test_contents_of_one_topic_share_it(database: Database) -> None:
    store_content(database, CONTENT)
    store_content(database, replace(CONTENT, key="other", language="de"))
    assert counted(database) == [1, 2]


def test_who_comes_second_leaves_the_first_ones_content(database: Database) -> None:
    first = replace(CONTENT, body=["first"])
    pending = [first]

    @event.listens_for(database.engine, "checkin")
    def another_process_is_first(*_: object) -> None:
        if pending:  # between the look for older content and the writing of ours
            store_content(database, pending.pop())

    store_content(database, CONTENT)
    assert pending == []
    assert found(database, "key", NOON - timedelta(1)) == StoredContent(["first"], NOON)
    assert counted(database) == [1, 1]
