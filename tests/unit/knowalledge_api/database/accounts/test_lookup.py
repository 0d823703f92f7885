"""Whom a credential belongs to."""

from __future__ import annotations

from knowalledge_api.auth.api_keys import digest_of
from knowalledge_api.database.accounts import keys
from knowalledge_api.database.accounts.lookup import holder_of_key, holder_of_token
from knowalledge_api.database.accounts.tokens import revoke_token
from tests.support.people import NOON, People


def test_a_key_has_its_user_revoked_or_not(crowd: People) -> None:
    ada = crowd.add("ada")
    crowd.add("bob")
    digest = digest_of(ada.text.reveal())
    for revoked in (False, True):
        with crowd.database.connection() as connection:
            holder = holder_of_key(connection, digest)
            assert holder_of_key(connection, "0" * 64) is None
        assert holder
        assert (holder.account, holder.key_id) == (ada.account, ada.key.id)
        assert (holder.digest, holder.revoked) == (digest, revoked)
        with crowd.database.session() as session:
            keys.revoke_keys(session, ada.account.number, NOON)


def revoked(crowd: People, user_id: str, token_id: str, key_id: int | None) -> bool | None:
    with crowd.database.connection() as connection:
        holder = holder_of_token(connection, user_id, token_id, key_id)
    if holder is None:
        return None
    assert holder.account.user_id == user_id
    return holder.revoked


def test_a_token_ends_with_its_logout_its_key_and_its_user(crowd: People) -> None:
    ada, bob = crowd.add("ada"), crowd.add("bob")
    assert revoked(crowd, "ada", "x", None) is False
    assert revoked(crowd, "ada", "x", ada.key.id) is False
    assert revoked(crowd, "ada", "x", bob.key.id) is True
    assert revoked(crowd, "ada", "x", 999) is True
    assert revoked(crowd, "nobody", "x", None) is None
    with crowd.database.session() as session:
        revoke_token(session, "x", NOON)
        keys.revoke_keys(session, bob.account.number, NOON)
    assert revoked(crowd, "ada", "x", ada.key.id) is True
    assert revoked(crowd, "ada", "y", ada.key.id) is False
    assert revoked(crowd, "bob", "y", bob.key.id) is True
