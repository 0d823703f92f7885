"""What is done to users and their keys, by themselves or by an operator, and written down."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from knowalledge_api.auth.api_keys import new_key
from knowalledge_api.database.accounts import keys, users
from knowalledge_api.database.accounts.audit import Deed, record
from knowalledge_api.database.accounts.keys import KeyFacts
from knowalledge_api.database.accounts.users import Account, NewUser
from knowalledge_api.database.models import Role, Tier
from knowalledge_api.settings import Secret

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

USER_ID: Final = re.compile(r"[A-Za-z0-9._@-]{3,64}")
USER_ID_WORDS: Final = "3 to 64 letters, digits, dots, dashes, underscores or @"


class UnknownUserError(Exception):
    """There is no user of that id."""


class UnknownKeyError(Exception):
    """The user has no key of that number."""


class LastAdminError(Exception):
    """Nobody would be left who administers."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A key at the one moment at which it can be shown, and whose it is."""

    account: Account
    text: Secret
    key: KeyFacts


@dataclass(frozen=True, slots=True)
class By:
    """Who changes something, and when."""

    actor: str
    now: datetime

    def deed(self, action: str, subject: str) -> Deed:
        """What is written down of it."""
        return Deed(self.actor, action, subject, self.now)


def is_user_id(text: str) -> bool:
    """Whether a user may be called that."""
    return USER_ID.fullmatch(text) is not None


def add_user(session: Session, by: By, fresh: NewUser) -> Account:
    """Add a user without a key; TakenError where the id has one."""
    account = users.add_user(session, fresh, by.now)
    record(session, by.deed("user.create", fresh.user_id), role=fresh.role, tier=fresh.tier)
    return account


def held(session: Session, user_id: str) -> Account:
    """The user of that id, whom nobody else changes meanwhile; UnknownUserError."""
    account = users.hold_user(session, user_id)
    if account is None:
        raise UnknownUserError(user_id)
    return account


def set_role(session: Session, by: By, user_id: str, role: Role, *, last: bool = False) -> Account:
    """Change what a user may do; LastAdminError for the last administrator, unless `last`."""
    account = held(session, user_id)
    if account.role is role:
        return account
    if not last:
        _keep_an_admin(session, account)
    users.change_user(session, account.number, role=role)
    record(session, by.deed("user.role", user_id), role=[account.role, role])
    return held(session, user_id)


def set_tier(session: Session, by: By, user_id: str, tier: Tier) -> Account:
    """Change how much a user may ask for."""
    account = held(session, user_id)
    if account.tier is tier:
        return account
    users.change_user(session, account.number, tier=tier)
    record(session, by.deed("user.tier", user_id), tier=[account.tier, tier])
    return held(session, user_id)


def disable(session: Session, by: By, user_id: str, *, last: bool = False) -> Account:
    """Keep a user out; LastAdminError for the last administrator, unless `last`."""
    account = held(session, user_id)
    if account.disabled_at is not None:
        return account
    if not last:
        _keep_an_admin(session, account)
    users.change_user(session, account.number, disabled_at=by.now)
    record(session, by.deed("user.disable", user_id))
    return held(session, user_id)


def enable(session: Session, by: By, user_id: str) -> Account:
    """Let a user in again, with the keys there were."""
    account = held(session, user_id)
    if account.disabled_at is None:
        return account
    users.change_user(session, account.number, disabled_at=None)
    record(session, by.deed("user.enable", user_id))
    return held(session, user_id)


def issue_key(session: Session, by: By, account: Account) -> Issued:
    """A further key of a user."""
    fresh = new_key()
    key = keys.add_key(session, account.number, fresh.digest, fresh.prefix, by.now)
    record(session, by.deed("key.issue", account.user_id), key=key.id, prefix=key.prefix)
    return Issued(account, fresh.text, key)


def revoke_keys(
    session: Session, by: By, account: Account, key_id: int | None = None
) -> tuple[str, ...]:
    """Revoke one key of a user, or all; the prefixes of those that counted until now.

    UnknownKeyError where the one was never this user's.
    """
    gone = keys.revoke_keys(session, account.number, by.now, key_id=key_id)
    if gone:
        record(session, by.deed("key.revoke", account.user_id), prefixes=list(gone))
    elif key_id is not None and not keys.has_key(session, account.number, key_id):
        raise UnknownKeyError(str(key_id))
    return gone


def _keep_an_admin(session: Session, account: Account) -> None:
    """LastAdminError where this one administers, and nobody else does."""
    administers = account.role is Role.ADMIN and account.disabled_at is None
    if administers and not users.other_admins(session, account.number):
        raise LastAdminError(account.user_id)
