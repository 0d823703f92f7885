"""Content in the tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Connection, event, func, select

from knowalledge_api.database import Database, contents
from knowalledge_api.database.contents import (
    Content,
    StoredContent,
    find_content,
    remove_page,
    store_content,
)
from knowalledge_api.database.models import GeneratedContent, Topic

if TYPE_CHECKING:
    import pytest

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


def test_a_topic_that_goes_at_the_moment_at_which_it_is_written_about_costs_the_row_alone(
    database: Database,
) -> None:
    store_content(database, CONTENT)

    @event.listens_for(database.engine, "before_cursor_execute")
    def it_goes(connection: Connection, _: object, statement: str, *__: object) -> None:
        if statement.startswith("SELECT topics.id"):
            connection.exec_driver_sql("DELETE FROM topics")

    store_content(database, replace(CONTENT, key="other"))
    assert found(database, "other", NOON - timedelta(1)) is None


def removed(database: Database, until: datetime) -> list[int]:
    """The ends of the pages, of both tables."""
    ends: list[int] = []
    for table in (GeneratedContent, Topic):
        last: int | None = 0
        while (last := remove_page(database, table, last or 0, until)) is not None:
            ends.append(last)
    return ends


def test_what_is_old_goes_with_the_topics_that_nothing_was_written_about_since(
    database: Database,
) -> None:
    for number in range(7):
        topic = f"topic {number}"
        at = NOON + timedelta(hours=number)
        store_content(
            database,
            replace(CONTENT, key=f"{number}", topic=topic, topic_digest=topic, created_at=at),
        )
    store_content(database, replace(CONTENT, key="new", topic_digest="topic 0", created_at=at))
    assert removed(database, NOON + timedelta(hours=3)) == [8, 7]
    with database.session() as session:
        keys = session.scalars(select(GeneratedContent.cache_key)).all()
        assert sorted(keys) == ["4", "5", "6", "new"]
        topics = session.scalars(select(Topic.digest)).all()
        assert sorted(topics) == ["topic 0", "topic 4", "topic 5", "topic 6"]
    assert found(database, "new", NOON) is not None


def test_no_page_is_larger_than_it_may_be(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contents, "PAGE", 3)
    for number in range(8):
        topic = f"topic {number}"
        store_content(database, replace(CONTENT, key=f"{number}", topic_digest=topic))
    assert removed(database, NOON) == [3, 6, 8, 3, 6, 8]
    assert counted(database) == [0, 0]
    assert removed(database, NOON) == []


def test_a_topic_that_is_young_stays_though_nothing_is_left_of_it(database: Database) -> None:
    store_content(database, replace(CONTENT, created_at=NOON + timedelta(1)))
    with database.session() as session:
        contents.drop_contents(session)
    removed(database, NOON)
    assert counted(database) == [1, 0]


def test_what_was_renewed_meanwhile_is_not_old(database: Database) -> None:
    store_content(database, CONTENT)
    pending = [replace(CONTENT, created_at=NOON + timedelta(1))]

    @event.listens_for(database.engine, "checkin")
    def another_process_renews_it(*_: object) -> None:
        if pending:  # between the look at the page and the removal
            store_content(database, pending.pop())

    removed(database, NOON)
    assert pending == []
    assert counted(database) == [1, 1]
