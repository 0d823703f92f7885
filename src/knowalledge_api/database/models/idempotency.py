"""Writes that were done under an Idempotency-Key, with the answer that a repetition gets."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from knowalledge_api.database.models.base import Base
from knowalledge_api.database.models.columns import (
    DIGEST,
    Bytes,
    UtcDateTime,
    ascii_text,
    is_digest,
)
from knowalledge_api.database.models.users import User


class IdempotencyKey(Base):
    """A key within its scope: `digest` is that of principal, route and key.

    `request_digest` tells a repetition from another request under the same key. `status` and
    `body` are None until there is an answer; an answer that shows a secret once is kept without
    its body.
    """

    __tablename__ = "idempotency_keys"
    __table_args__ = (
        is_digest("digest"),
        is_digest("request_digest"),
        CheckConstraint("status BETWEEN 200 AND 499", name="status"),
        CheckConstraint("body IS NULL OR status IS NOT NULL", name="body"),
        CheckConstraint("expires_at > created_at", name="expires_at"),
        Base.__table_args__,
    )

    digest: Mapped[str] = mapped_column(ascii_text(DIGEST), primary_key=True)
    request_digest: Mapped[str] = mapped_column(ascii_text(DIGEST))
    user_id: Mapped[int | None] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"), index=True)
    status: Mapped[int | None] = mapped_column(SmallInteger)
    body: Mapped[bytes | None] = mapped_column(Bytes)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
