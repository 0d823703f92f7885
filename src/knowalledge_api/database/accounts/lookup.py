"""Whom a credential belongs to: one question each, whatever the answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, bindparam, select

from knowalledge_api.database.accounts.users import COLUMNS, Account, account_of
from knowalledge_api.database.models import ApiKey, RevokedToken, User

if TYPE_CHECKING:
    from sqlalchemy import Connection


_OF_KEY: Final = (
    select(*COLUMNS, ApiKey.id.label("key_id"), ApiKey.key_hash, ApiKey.revoked_at)
    .select_from(ApiKey)
    .join(User, ApiKey.user_id == User.id)
    .where(ApiKey.key_hash == bindparam("digest"))
)
_ITS_KEY: Final = and_(
    ApiKey.id == bindparam("its_key"), ApiKey.user_id == User.id, ApiKey.revoked_at.is_(None)
)
_OF_TOKEN: Final = (
    select(*COLUMNS, RevokedToken.jti.label("logged_out"), ApiKey.id.label("its_key"))
    .select_from(User)
    .outerjoin(RevokedToken, RevokedToken.jti == bindparam("token"))
    .outerjoin(ApiKey, _ITS_KEY)
    .where(User.public_id == bindparam("name"))
)
"""Made once: to make them for each question took twice as long as the rest of it."""


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """Whose key it is; `revoked` where it counts no longer."""

    account: Account
    key_id: int
    digest: str
    revoked: bool


@dataclass(frozen=True, slots=True)
class TokenHolder:
    """Whose token it is; `revoked` where it was logged out, or its key counts no longer."""

    account: Account
    revoked: bool


def holder_of_key(connection: Connection, digest: str) -> KeyHolder | None:
    """The user of a key, by its digest."""
    row: Any = connection.execute(_OF_KEY, {"digest": digest}).one_or_none()
    if row is None:
        return None
    return KeyHolder(account_of(row), row.key_id, row.key_hash, row.revoked_at is not None)


def holder_of_token(
    connection: Connection, user_id: str, token_id: str, key_id: int | None
) -> TokenHolder | None:
    """The user of a token that was issued for the key `key_id`, or for none."""
    its = key_id or 0  # no key has the number 0
    given = {"name": user_id, "token": token_id, "its_key": its}
    row: Any = connection.execute(_OF_TOKEN, given).one_or_none()
    if row is None:
        return None
    lost_its_key = key_id is not None and row.its_key is None
    return TokenHolder(account_of(row), row.logged_out is not None or lost_its_key)
