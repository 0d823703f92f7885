"""The budget of a day, and each user's tokens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from knowalledge_api.database import Database
from knowalledge_api.database.models import Base, DailyUsage, Role, Tier, User
from knowalledge_api.errors import DatabaseUnavailableError
from knowalledge_api.providers.faults import AiError, Fault
from knowalledge_api.services.spending import Spending
from tests.support.configuration import settings_of, sqlite_settings

EVENING = datetime(2026, 1, 1, 23, 0, tzinfo=UTC)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(Database(sqlite_settings(tmp_path))) as database:
        Base.metadata.create_all(database.engine)
        with database.session() as session:
            session.add(User(public_id="ada", role=Role.USER, tier=Tier.FREE, created_at=EVENING))
        yield database


def test_beyond_the_budget_midnight_is_the_next_chance(database: Database) -> None:
    now = [EVENING]
    spending = Spending(database, 2, lambda: now[0])
    spending.spend()
    Spending(database, 2, lambda: now[0]).spend()  # another process counts along
    with pytest.raises(AiError) as caught:
        spending.spend()
    assert (caught.value.fault, caught.value.retry_after) == (Fault.SPENT, 3600)
    now[0] += timedelta(hours=1)
    spending.spend()


def test_a_budget_of_nothing_allows_nothing(database: Database) -> None:
    with pytest.raises(AiError):
        Spending(database, 0, lambda: EVENING).spend()


def test_what_can_t_be_counted_is_not_spent() -> None:
    away = Database(settings_of(DATABASE_URL="sqlite:////nowhere/at/all.db"))
    with pytest.raises(DatabaseUnavailableError):
        Spending(away, 2).spend()


def test_tokens_are_a_user_s(database: Database) -> None:
    spending = Spending(database, 2, lambda: EVENING)
    spending.tally(1, 3, 5)
    spending.tally(None, 7, 7)
    with database.session() as session:
        [row] = session.scalars(select(DailyUsage))
        assert (row.user_id, row.input_tokens, row.output_tokens) == (1, 3, 5)


def test_tokens_that_can_t_be_noted_cost_nobody_an_answer(
    caplog: pytest.LogCaptureFixture,
) -> None:
    away = Database(settings_of(DATABASE_URL="sqlite:////nowhere/at/all.db"))
    Spending(away, 2).tally(1, 3, 5)
    assert "8 tokens of user 1 are not counted" in caplog.text
