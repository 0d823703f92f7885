"""What was used on a day, which begins at midnight UTC: by a user, and of the AI by all."""

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger, Date, ForeignKey, Integer
from sqlalchemy.orm import Mapped, mapped_column

from knowalledge_api.database.models.base import Base
from knowalledge_api.database.models.columns import at_least
from knowalledge_api.database.models.users import User


class DailyUsage(Base):
    """What one user asked for on one day; tokens are those of the AI provider."""

    __tablename__ = "daily_usage"
    __table_args__ = (
        at_least(0, "requests"),
        at_least(0, "input_tokens"),
        at_least(0, "output_tokens"),
        Base.__table_args__,
    )

    user_id: Mapped[int] = mapped_column(
        ForeignKey(User.id, ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    requests: Mapped[int] = mapped_column(Integer, default=0)
    input_tokens: Mapped[int] = mapped_column(BigInteger, default=0)
    output_tokens: Mapped[int] = mapped_column(BigInteger, default=0)


class DailyAiCalls(Base):
    """How often the AI was asked on one day, by all workers and replicas: AI_DAILY_BUDGET."""

    __tablename__ = "daily_ai_calls"
    __table_args__ = (at_least(0, "calls"), Base.__table_args__)

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    calls: Mapped[int] = mapped_column(Integer, default=0)
