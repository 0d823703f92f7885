"""What was used on a day, counted in the tables: exactly, by all workers of all servers."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import CursorResult, select, update

from knowalledge_api.database.models import DailyAiCalls, DailyUsage
from knowalledge_api.database.upserts import insert_or_change, insert_or_leave

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def begin_day(session: Session, day: date) -> None:
    """Have a row that calls of the day are counted in; one that is there stays as it is."""
    session.execute(insert_or_leave(session, DailyAiCalls, {"day": day, "calls": 0}))


def count_call(session: Session, day: date, most: int) -> bool:
    """Count a call of a day that has begun, unless there were `most`; whether it was counted."""
    counted = session.execute(
        update(DailyAiCalls)
        .where(DailyAiCalls.day == day, DailyAiCalls.calls < most)
        .values(calls=DailyAiCalls.calls + 1)
    )
    return isinstance(counted, CursorResult) and counted.rowcount > 0


def calls_on(session: Session, day: date) -> int:
    """How many calls were counted on a day."""
    found = session.scalar(select(DailyAiCalls.calls).where(DailyAiCalls.day == day))
    return 0 if found is None else found


def add_tokens(
    session: Session, user: int, day: date, input_tokens: int, output_tokens: int
) -> None:
    """Add an answer and its tokens to what a user (`users.id`) used on a day."""
    key = {"user_id": user, "day": day}
    more = {"requests": 1, "input_tokens": input_tokens, "output_tokens": output_tokens}
    sums = {name: getattr(DailyUsage, name) + amount for name, amount in more.items()}
    session.execute(insert_or_change(session, DailyUsage, key, more, sums))
