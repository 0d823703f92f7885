"""What proves who is asking: keys that were issued, and tokens that count no longer."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from knowalledge_api.database.models.base import Base
from knowalledge_api.database.models.columns import (
    DIGEST,
    Number,
    UtcDateTime,
    ascii_text,
    is_digest,
)
from knowalledge_api.database.models.users import User

LONGEST_PREFIX: Final = 16
LONGEST_TOKEN_ID: Final = 64


class ApiKey(Base):
    """A key, of which only the SHA-256 is kept; `prefix` is how its owner tells it from others."""

    __tablename__ = "api_keys"
    __table_args__ = (is_digest("key_hash"), Base.__table_args__)

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    key_hash: Mapped[str] = mapped_column(ascii_text(DIGEST), unique=True)
    prefix: Mapped[str] = mapped_column(ascii_text(LONGEST_PREFIX))
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class RevokedToken(Base):
    """The id of a token that was logged out; of no use once the token has expired."""

    __tablename__ = "revoked_tokens"

    jti: Mapped[str] = mapped_column(ascii_text(LONGEST_TOKEN_ID), primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
