"""What a learner answered, and how well a subtopic is known."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import CheckConstraint, ForeignKey, Integer, SmallInteger, Unicode, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from knowalledge_api.database.models.base import Base
from knowalledge_api.database.models.columns import (
    DIGEST,
    Number,
    UtcDateTime,
    ascii_text,
    at_least,
    is_digest,
)
from knowalledge_api.database.models.topics import LONGEST_TOPIC
from knowalledge_api.database.models.users import User

LONGEST_DIFFICULTY: Final = 100


def _is_mastery_level() -> CheckConstraint:
    return CheckConstraint("mastery_level BETWEEN 1 AND 3", name="mastery_level")


class QuizResult(Base):
    """One quiz that was handed in."""

    __tablename__ = "quiz_results"
    __table_args__ = (
        at_least(1, "total"),
        CheckConstraint("score BETWEEN 0 AND total", name="score"),
        _is_mastery_level(),
        Base.__table_args__,
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"), index=True)
    topic: Mapped[str] = mapped_column(Unicode(LONGEST_TOPIC))
    subtopic: Mapped[str | None] = mapped_column(Unicode(LONGEST_TOPIC))
    difficulty: Mapped[str | None] = mapped_column(Unicode(LONGEST_DIFFICULTY))
    score: Mapped[int] = mapped_column(Integer)
    total: Mapped[int] = mapped_column(Integer)
    mastery_level: Mapped[int] = mapped_column(SmallInteger)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Progress(Base):
    """How well a learner knows a subtopic, or a topic as a whole where `subtopic` is None.

    The digests are unique in place of the texts; that of no subtopic is the digest of nothing.
    Their key also finds a learner's progress, in one topic or in all.
    """

    __tablename__ = "progress"
    __table_args__ = (
        UniqueConstraint("user_id", "topic_digest", "subtopic_digest"),
        is_digest("topic_digest"),
        is_digest("subtopic_digest"),
        _is_mastery_level(),
        Base.__table_args__,
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    topic_digest: Mapped[str] = mapped_column(ascii_text(DIGEST))
    subtopic_digest: Mapped[str] = mapped_column(ascii_text(DIGEST))
    topic: Mapped[str] = mapped_column(Unicode(LONGEST_TOPIC))
    subtopic: Mapped[str | None] = mapped_column(Unicode(LONGEST_TOPIC))
    mastery_level: Mapped[int] = mapped_column(SmallInteger)
    last_accessed_at: Mapped[datetime] = mapped_column(UtcDateTime)
