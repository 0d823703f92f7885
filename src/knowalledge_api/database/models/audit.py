"""What was done to users, keys and data, by whom, and within which request."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import JSON, CheckConstraint, Unicode
from sqlalchemy.orm import Mapped, mapped_column

from knowalledge_api.database.models.base import Base
from knowalledge_api.database.models.columns import Number, UtcDateTime, ascii_text

LONGEST_ACTION: Final = 64
LONGEST_NAME: Final = 200
LONGEST_REQUEST_ID: Final = 128


class AuditEntry(Base):
    """One entry; it names users by text and refers to no row, so that it outlives them.

    `actor` is a user id, or who ran the command; `action` is a noun and a verb, `user.disable`;
    `detail` holds no secret. Read by `id`, newest first.
    """

    __tablename__ = "audit_log"
    __table_args__ = (
        CheckConstraint("length(actor) > 0", name="actor"),
        CheckConstraint("length(action) > 0", name="action"),
        Base.__table_args__,
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    happened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(Unicode(LONGEST_NAME))
    action: Mapped[str] = mapped_column(ascii_text(LONGEST_ACTION))
    subject: Mapped[str | None] = mapped_column(Unicode(LONGEST_NAME))
    detail: Mapped[dict[str, Any]] = mapped_column(JSON(none_as_null=True), default=dict)
    request_id: Mapped[str | None] = mapped_column(ascii_text(LONGEST_REQUEST_ID))
