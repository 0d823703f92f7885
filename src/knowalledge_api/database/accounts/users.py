"""Users in the table: added, found, listed and changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from knowalledge_api.database.models import Role, Tier, User

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Account:
    """A user; `number` is the row, `disabled_at` None for one who may come in."""

    number: int
    user_id: str
    role: Role
    tier: Tier
    email: str | None
    disabled_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class NewUser:
    """A user to be."""

    user_id: str
    role: Role
    tier: Tier
    email: str | None = None


class TakenError(Exception):
    """There is a user of that id."""


COLUMNS = (
    User.id,
    User.public_id,
    User.role,
    User.tier,
    User.email,
    User.disabled_at,
    User.created_at,
)
"""What `account_of` makes an account of."""


def account_of(row: Any) -> Account:
    """An account from a row that was selected by COLUMNS, and maybe more behind them."""
    return Account(*row[: len(COLUMNS)])


def add_user(session: Session, fresh: NewUser, now: datetime) -> Account:
    """Add a user; TakenError, and a session of no further use, where the id has one."""
    user = User(
        public_id=fresh.user_id, role=fresh.role, tier=fresh.tier, email=fresh.email, created_at=now
    )
    session.add(user)
    try:
        session.flush()
    except IntegrityError as error:
        raise TakenError from error
    return Account(user.id, fresh.user_id, fresh.role, fresh.tier, fresh.email, None, now)


def find_user(session: Session, user_id: str) -> Account | None:
    """The user of that id."""
    row = session.execute(select(*COLUMNS).where(User.public_id == user_id)).one_or_none()
    return None if row is None else account_of(row)


def hold_user(session: Session, user_id: str) -> Account | None:
    """The user of that id, whom nobody else changes before this transaction ends.

    It begins with a write that changes nothing: SQLite locks nothing otherwise.
    """
    mine = User.public_id == user_id
    session.execute(update(User).where(mine).values(public_id=User.public_id))
    row = session.execute(select(*COLUMNS).where(mine).with_for_update()).one_or_none()
    return None if row is None else account_of(row)


def list_users(session: Session, most: int) -> tuple[Account, ...]:
    """The users in the order of their ids, `most` of them."""
    rows = session.execute(select(*COLUMNS).order_by(User.public_id).limit(most))
    return tuple(account_of(row) for row in rows)


def change_user(session: Session, number: int, **values: Any) -> None:
    """Set columns of a user."""
    session.execute(update(User).where(User.id == number).values(**values))


def other_admins(session: Session, number: int) -> int:
    """How many other users administer, none of whom can cease to before this transaction ends."""
    others = select(User.id).where(
        User.role == Role.ADMIN, User.disabled_at.is_(None), User.id != number
    )
    return len(session.scalars(others.with_for_update()).all())
