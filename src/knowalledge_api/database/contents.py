"""Content in the tables: found by its key while it is young, stored once however many write it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import CursorResult, delete, select, update
from sqlalchemy.exc import IntegrityError

from knowalledge_api.database.models import GeneratedContent, Topic
from knowalledge_api.database.sessions import Database

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Content:
    """Something that was written about a topic; `body` is what JSON can hold."""

    key: str
    topic: str
    topic_digest: str
    kind: str
    language: str
    source: str
    body: Any
    quality_score: float
    created_at: datetime


@dataclass(frozen=True, slots=True)
class StoredContent:
    """What the table holds under a key, and since when."""

    body: Any
    created_at: datetime


def find_content(session: Session, key: str, *, since: datetime) -> StoredContent | None:
    """The content of a key that was written after `since`."""
    row = session.execute(
        select(GeneratedContent.content, GeneratedContent.created_at).where(
            GeneratedContent.cache_key == key, GeneratedContent.created_at > since
        )
    ).one_or_none()
    return None if row is None else StoredContent(row.content, row.created_at)


def store_content(database: Database, content: Content) -> None:
    """Keep the content under its key in place of older content.

    Where another process stores the same at the same time, one of the two stays. The first
    statement of each transaction writes: SQLite would refuse a reader that turns writer while
    another process wrote.
    """
    with database.session() as session:
        if _renew(session, content):
            return
    try:
        with database.session() as session:
            session.add(_row(content, _topic_id(session, content)))
    except IntegrityError:
        pass  # the other process was first


def drop_contents(session: Session, kind: str | None = None) -> int:
    """Drop the content of a kind, or all of it; how many went. Topics stay: learners have them."""
    dropping = delete(GeneratedContent)
    if kind is not None:
        dropping = dropping.where(GeneratedContent.kind == kind)
    result = session.execute(dropping)
    return result.rowcount if isinstance(result, CursorResult) else 0


def _renew(session: Session, content: Content) -> bool:
    older = update(GeneratedContent).where(GeneratedContent.cache_key == content.key)
    result = session.execute(
        older.values(
            content=content.body,
            source=content.source,
            quality_score=content.quality_score,
            created_at=content.created_at,
        )
    )
    return isinstance(result, CursorResult) and result.rowcount > 0


def _topic_id(session: Session, content: Content) -> int:
    topic = Topic(digest=content.topic_digest, text=content.topic, created_at=content.created_at)
    try:
        with session.begin_nested():
            session.add(topic)
    except IntegrityError:
        return session.scalars(select(Topic.id).where(Topic.digest == content.topic_digest)).one()
    return topic.id


def _row(content: Content, topic_id: int) -> GeneratedContent:
    return GeneratedContent(
        cache_key=content.key,
        topic_id=topic_id,
        kind=content.kind,
        language=content.language,
        source=content.source,
        content=content.body,
        quality_score=content.quality_score,
        created_at=content.created_at,
    )
