"""What was used on a day, counted in the tables: exactly, by all workers of all servers."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import CursorResult, Executable, select, update
from sqlalchemy.dialects import mysql, postgresql, sqlite

from knowalledge_api.database.models import DailyAiCalls, DailyUsage

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def begin_day(session: Session, day: date) -> None:
    """Have a row that calls of the day are counted in; one that is there stays as it is."""
    row = {"day": day, "calls": 0}
    dialect = session.get_bind().dialect.name
    if dialect == "mysql":
        session.execute(mysql.insert(DailyAiCalls).values(row).prefix_with("IGNORE"))
        return
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    session.execute(insert(DailyAiCalls).values(row).on_conflict_do_nothing())


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
    session.execute(_added(session, user, day, input_tokens, output_tokens))


def _added(
    session: Session, user: int, day: date, input_tokens: int, output_tokens: int
) -> Executable:
    """One statement that inserts or adds: of two that do both at once neither is lost."""
    key = {"user_id": user, "day": day}
    more = {"requests": 1, "input_tokens": input_tokens, "output_tokens": output_tokens}
    sums = {name: getattr(DailyUsage, name) + amount for name, amount in more.items()}
    row = {**key, **more}
    dialect = session.get_bind().dialect.name
    if dialect == "mysql":
        return mysql.insert(DailyUsage).values(row).on_duplicate_key_update(sums)
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return insert(DailyUsage).values(row).on_conflict_do_update(index_elements=[*key], set_=sums)
