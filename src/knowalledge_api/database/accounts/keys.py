"""API keys in the table, as digests: added, listed, revoked, and when they were used last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import CursorResult, or_, select, update

from knowalledge_api.database.models import ApiKey

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """What may be known of a key that was issued."""

    id: int
    prefix: str
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


def add_key(session: Session, number: int, digest: str, prefix: str, now: datetime) -> KeyFacts:
    """Add a key of a user."""
    key = ApiKey(key_hash=digest, prefix=prefix, user_id=number, created_at=now)
    session.add(key)
    session.flush()
    return KeyFacts(key.id, prefix, now, None, None)


def list_keys(session: Session, number: int, *, revoked: bool = False) -> tuple[KeyFacts, ...]:
    """The keys of a user, the oldest first; those that were revoked where wanted."""
    mine = select(
        ApiKey.id, ApiKey.prefix, ApiKey.created_at, ApiKey.last_used_at, ApiKey.revoked_at
    ).where(ApiKey.user_id == number)
    if not revoked:
        mine = mine.where(ApiKey.revoked_at.is_(None))
    return tuple(KeyFacts(*row) for row in session.execute(mine.order_by(ApiKey.id)))


def revoke_keys(
    session: Session, number: int, now: datetime, *, key_id: int | None = None
) -> tuple[str, ...]:
    """Revoke one key of a user, or all; the prefixes of those that counted until now."""
    mine = [ApiKey.user_id == number, ApiKey.revoked_at.is_(None)]
    if key_id is not None:
        mine.append(ApiKey.id == key_id)
    # The statement that writes comes first: SQLite would refuse a reader that turns writer.
    result = session.execute(update(ApiKey).where(*mine).values(revoked_at=now))
    if not isinstance(result, CursorResult) or not result.rowcount:
        return ()
    just_now = [ApiKey.user_id == number, ApiKey.revoked_at == now]
    return tuple(session.scalars(select(ApiKey.prefix).where(*just_now).order_by(ApiKey.id)))


def has_key(session: Session, number: int, key_id: int) -> bool:
    """Whether the key was ever this user's."""
    mine = select(ApiKey.id).where(ApiKey.user_id == number, ApiKey.id == key_id)
    return session.scalar(mine) is not None


def note_use(session: Session, moments: Mapping[int, datetime]) -> None:
    """Keep when keys were used, by their ids; a later moment that is there stays."""
    for key_id, moment in sorted(moments.items()):
        older = or_(ApiKey.last_used_at.is_(None), ApiKey.last_used_at < moment)
        session.execute(
            update(ApiKey).where(ApiKey.id == key_id, older).values(last_used_at=moment)
        )
