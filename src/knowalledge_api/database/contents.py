"""Content in the tables: found by its key while young, stored once, removed page by page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import CursorResult, delete, exists, func, select, update
from sqlalchemy.exc import IntegrityError, NoResultFound

from knowalledge_api.database.models import GeneratedContent, Topic
from knowalledge_api.database.sessions import Database

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

Expiring = type[GeneratedContent] | type[Topic]
PAGE: Final = 1000
"""Rows that are looked at together: some 20 ms where all of them go, with 3 KB each."""


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
    except (IntegrityError, NoResultFound):
        pass  # the other process was first, or removes the topic at this moment


def drop_contents(session: Session, kind: str | None = None) -> int:
    """Drop the content of a kind, or all of it; how many went. Topics stay until they are old."""
    dropping = delete(GeneratedContent)
    if kind is not None:
        dropping = dropping.where(GeneratedContent.kind == kind)
    result = session.execute(dropping)
    return result.rowcount if isinstance(result, CursorResult) else 0


def remove_page(database: Database, table: Expiring, after: int, until: datetime) -> int | None:
    """Remove what was written `until` then among the PAGE rows whose ids follow `after`.

    The last id of these rows, None where there are none. Topics that have content stay; what
    learners did refers to none, it holds its topics itself. The rows are found by their ids, so
    that no index has to be kept for this alone, and no lock outlasts a page. Where a topic is
    written about at the very moment at which it goes, that content is not in the table, and is
    written anew once caches have forgotten it. The statement that removes is the first of its
    transaction, as in `store_content`.
    """
    page = select(table.id).where(table.id > after).order_by(table.id).limit(PAGE).subquery()
    with database.session() as session:
        last: int | None = session.scalar(select(func.max(page.c.id)))
    if last is None:
        return None
    removing = delete(table).where(table.id > after, table.id <= last, table.created_at <= until)
    if table is Topic:
        removing = removing.where(~exists().where(GeneratedContent.topic_id == Topic.id))
    with database.session() as session:
        session.execute(removing, execution_options={"synchronize_session": False})
    return last


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
