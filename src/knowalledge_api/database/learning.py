"""What learners handed in and how well they know it, in the tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from knowalledge_api.database.models import Progress, QuizResult
from knowalledge_api.database.upserts import insert_or_change

if TYPE_CHECKING:
    from sqlalchemy import Insert
    from sqlalchemy.orm import Session

MOST: Final = 1000
"""Rows that are read at once, the latest ones: no learner has as many subtopics."""


@dataclass(frozen=True, slots=True)
class Result:
    """A quiz that `user` (`users.id`) handed in; the digests find its topic and subtopic again."""

    user: int
    topic: str
    topic_digest: str
    subtopic: str | None
    subtopic_digest: str
    difficulty: str | None
    score: int
    total: int
    mastery_level: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Known:
    """How well something is known, from 1 to 3, and when it was last asked."""

    topic: str
    subtopic: str | None
    mastery_level: int
    last_accessed_at: datetime


def keep_result(session: Session, result: Result) -> None:
    """Keep a result, and what it says of its subtopic in place of what was said before."""
    session.add(
        QuizResult(
            user_id=result.user,
            topic=result.topic,
            subtopic=result.subtopic,
            difficulty=result.difficulty,
            score=result.score,
            total=result.total,
            mastery_level=result.mastery_level,
            created_at=result.at,
        )
    )
    session.flush()
    session.execute(_said_last(session, result))


def known_by(session: Session, user: int, topic_digest: str | None = None) -> tuple[Known, ...]:
    """What a learner knows, of one topic or of all, the latest first."""
    asked = select(
        Progress.topic, Progress.subtopic, Progress.mastery_level, Progress.last_accessed_at
    ).where(Progress.user_id == user)
    if topic_digest is not None:
        asked = asked.where(Progress.topic_digest == topic_digest)
    latest = asked.order_by(Progress.last_accessed_at.desc(), Progress.id.desc()).limit(MOST)
    return tuple(Known(*row) for row in session.execute(latest))


def _said_last(session: Session, result: Result) -> Insert:
    """What is known of a subtopic by this result, whatever was known before."""
    key = {
        "user_id": result.user,
        "topic_digest": result.topic_digest,
        "subtopic_digest": result.subtopic_digest,
    }
    news = {"mastery_level": result.mastery_level, "last_accessed_at": result.at}
    rest = {**news, "topic": result.topic, "subtopic": result.subtopic}
    return insert_or_change(session, Progress, key, rest, news)
