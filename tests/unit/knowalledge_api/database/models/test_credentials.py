"""What proves who is asking."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from knowalledge_api.database.models import ApiKey, RevokedToken, User
from knowalledge_api.services.topics import digest

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def key_of(user: User, key_hash: str) -> ApiKey:
    return ApiKey(key_hash=key_hash, prefix="sk_abcd", user_id=user.id, created_at=user.created_at)


def test_a_key_that_was_not_hashed_is_refused(session: Session, ada: User) -> None:
    session.add(key_of(ada, f"sk_{'x' * 43}"))
    with pytest.raises(IntegrityError, match="ck_api_keys_key_hash"):
        session.flush()


def test_a_key_is_unused_and_valid_at_first_and_goes_with_its_user(
    session: Session, ada: User
) -> None:
    key = key_of(ada, digest("key"))
    session.add(key)
    session.flush()
    assert (key.last_used_at, key.revoked_at) == (None, None)
    session.delete(ada)
    session.flush()
    assert session.scalar(select(func.count(ApiKey.id))) == 0


def test_a_token_is_found_by_its_id(session: Session, ada: User) -> None:
    session.add(RevokedToken(jti="one", expires_at=ada.created_at))
    session.flush()
    assert session.get(RevokedToken, "one") is not None
    assert session.get(RevokedToken, "ONE") is None
