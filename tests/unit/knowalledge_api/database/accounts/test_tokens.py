"""Tokens that count no longer."""

from __future__ import annotations

from sqlalchemy import select

from knowalledge_api.database.accounts.tokens import revoke_token
from knowalledge_api.database.models import RevokedToken
from tests.support.people import NOON, People


def test_a_token_is_revoked_once_and_twice_is_no_error(crowd: People) -> None:
    with crowd.database.session() as session:
        assert revoke_token(session, "jti", NOON)
        assert not revoke_token(session, "jti", NOON)
        assert revoke_token(session, "JTI", NOON)
    with crowd.database.session() as session:
        assert sorted(session.scalars(select(RevokedToken.jti))) == ["JTI", "jti"]
