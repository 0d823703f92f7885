"""The record of what was done to users and keys, written within what it records."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from knowalledge_api.database.models import AuditEntry
from knowalledge_api.database.models.audit import LONGEST_NAME
from knowalledge_api.logs import request_id

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Deed:
    """Who did what to whom: `action` is a noun and a verb such as `user.disable`."""

    actor: str
    action: str
    subject: str
    at: datetime


def record(session: Session, deed: Deed, **detail: Any) -> None:
    """Write it down, with the request within which it was done; `detail` holds no secret."""
    session.add(
        AuditEntry(
            happened_at=deed.at,
            actor=deed.actor[:LONGEST_NAME],
            action=deed.action,
            subject=deed.subject,
            detail=detail,
            request_id=request_id.get() or None,
        )
    )
