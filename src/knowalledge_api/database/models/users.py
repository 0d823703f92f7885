"""Who may use the product, as what, and how much of it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import CheckConstraint, Unicode
from sqlalchemy.orm import Mapped, mapped_column

from knowalledge_api.database.models.base import Base
from knowalledge_api.database.models.columns import Number, OneOf, UtcDateTime, ascii_text, one_of

SHORTEST_USER_ID: Final = 3
LONGEST_USER_ID: Final = 64
LONGEST_EMAIL: Final = 254
"""Source: RFC 5321, 4.5.3.1.3, less the angle brackets."""


class Role(StrEnum):
    """What a user may do beside learning, least first."""

    USER = "user"
    ADMIN = "admin"


class Tier(StrEnum):
    """How much a user may ask for, least first."""

    LIMITED = "limited"
    FREE = "free"
    BASIC = "basic"
    PREMIUM = "premium"
    UNLIMITED = "unlimited"


def ranks_above(one: Role | Tier, other: Role | Tier) -> bool:
    """Whether that role, or that tier, is more than another one of its kind."""
    order = list(type(one))
    return order.index(one) > order.index(other)


class User(Base):
    """A learner or an administrator.

    `public_id` is the `user_id` of the API: chosen by the user, and unique with its case. The
    other tables refer to `id`.
    """

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint(
            f"length(public_id) BETWEEN {SHORTEST_USER_ID} AND {LONGEST_USER_ID}", name="public_id"
        ),
        one_of("role", Role),
        one_of("tier", Tier),
        Base.__table_args__,
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    public_id: Mapped[str] = mapped_column(ascii_text(LONGEST_USER_ID), unique=True)
    role: Mapped[Role] = mapped_column(OneOf(Role), default=Role.USER)
    tier: Mapped[Tier] = mapped_column(OneOf(Tier), default=Tier.FREE)
    email: Mapped[str | None] = mapped_column(Unicode(LONGEST_EMAIL))
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
