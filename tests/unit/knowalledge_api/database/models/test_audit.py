"""What was done, by whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from knowalledge_api.database.models import AuditEntry, User

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def test_an_entry_outlives_the_user_it_names(session: Session, ada: User) -> None:
    session.add(AuditEntry(happened_at=ada.created_at, actor=ada.public_id, action="key.issue"))
    session.flush()
    session.delete(ada)
    session.flush()
    session.expire_all()
    entry = session.scalars(select(AuditEntry)).one()
    assert (entry.actor, entry.subject, entry.detail, entry.request_id) == ("ada", None, {}, None)


@pytest.mark.parametrize("detail", [{}, None])
def test_no_detail_is_an_empty_one(
    session: Session, ada: User, detail: dict[str, object] | None
) -> None:
    entry = AuditEntry(happened_at=ada.created_at, actor="ada", action="key.issue", detail=detail)
    session.add(entry)
    session.flush()
    assert session.scalar(select(AuditEntry.detail)) == {}
