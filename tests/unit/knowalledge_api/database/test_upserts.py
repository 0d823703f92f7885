"""Statements that insert a row, and know what to do where it is there."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest
from sqlalchemy.dialects import mysql, postgresql, sqlite

from knowalledge_api.database.models import DailyAiCalls
from knowalledge_api.database.upserts import insert_or_change, insert_or_leave

if TYPE_CHECKING:
    from sqlalchemy import Dialect, Insert
    from sqlalchemy.orm import Session

KEY = {"day": date(2026, 1, 1)}
DIALECTS: tuple[Dialect, ...] = (
    mysql.dialect(),
    postgresql.dialect(),  # type: ignore[no-untyped-call]  # SQLAlchemy has not typed it
    sqlite.dialect(),
)
every_dialect = pytest.mark.parametrize("dialect", DIALECTS, ids=lambda each: each.name)


def session(dialect: Dialect) -> Session:
    return cast("Session", SimpleNamespace(get_bind=lambda: SimpleNamespace(dialect=dialect)))


def sql(statement: Insert, dialect: Dialect) -> str:
    return " ".join(str(statement.compile(dialect=dialect)).split())


@every_dialect
def test_a_row_that_is_there_is_changed_by_the_same_statement(dialect: Dialect) -> None:
    changes = {"calls": DailyAiCalls.calls + 1}
    text = sql(
        insert_or_change(session(dialect), DailyAiCalls, KEY, {"calls": 1}, changes), dialect
    )
    assert text.startswith("INSERT INTO daily_ai_calls (day, calls) VALUES")
    ending = "ON DUPLICATE KEY UPDATE" if dialect.name == "mysql" else "ON CONFLICT (day) DO UPDATE"
    assert ending in text


@every_dialect
def test_a_row_that_is_there_is_left_by_the_same_statement(dialect: Dialect) -> None:
    text = sql(insert_or_leave(session(dialect), DailyAiCalls, {**KEY, "calls": 0}), dialect)
    wanted = "INSERT IGNORE" if dialect.name == "mysql" else "ON CONFLICT DO NOTHING"
    assert wanted in text
