"""What was used on a day."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from knowalledge_api.database.models import DailyAiCalls, DailyUsage, User

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

DAY = date(2026, 1, 1)


def test_a_day_begins_with_nothing_used(session: Session, ada: User) -> None:
    usage, calls = DailyUsage(user_id=ada.id, day=DAY), DailyAiCalls(day=DAY)
    session.add_all([usage, calls])
    session.flush()
    assert (usage.requests, usage.input_tokens, usage.output_tokens, calls.calls) == (0, 0, 0, 0)


def test_a_day_is_found_by_user_and_date(session: Session, ada: User) -> None:
    session.add_all([DailyUsage(user_id=ada.id, day=DAY, requests=3)])
    session.flush()
    session.expire_all()
    found = session.get(DailyUsage, (ada.id, DAY))
    assert found is not None
    assert found.requests == 3
    assert session.get(DailyUsage, (ada.id, date(2026, 1, 2))) is None
