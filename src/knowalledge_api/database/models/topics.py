"""What learners asked about, and what was written about it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import CHAR, JSON, Double, ForeignKey, String, Unicode
from sqlalchemy.orm import Mapped, mapped_column, relationship

from knowalledge_api.database.models.base import Base
from knowalledge_api.database.models.columns import DIGEST, Number, UtcDateTime

LONGEST_TOPIC: Final = 200


class Topic(Base):
    """Something that learners asked about.

    `digest` is unique in place of the text, which MariaDB would compare without case and
    accents.
    """

    __tablename__ = "topics"

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    digest: Mapped[str] = mapped_column(CHAR(DIGEST), unique=True)
    text: Mapped[str] = mapped_column(Unicode(LONGEST_TOPIC))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class GeneratedContent(Base):
    """What a provider wrote about a topic; `cache_key` is a digest of all that shaped it."""

    __tablename__ = "generated_content"

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    cache_key: Mapped[str] = mapped_column(CHAR(DIGEST), unique=True)
    topic_id: Mapped[int] = mapped_column(ForeignKey(Topic.id, ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(32))
    language: Mapped[str] = mapped_column(String(8))
    source: Mapped[str] = mapped_column(String(32))
    content: Mapped[Any] = mapped_column(JSON)
    quality_score: Mapped[float] = mapped_column(Double)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    topic: Mapped[Topic] = relationship()
