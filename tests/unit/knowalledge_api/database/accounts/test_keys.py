"""API keys in the table."""

from __future__ import annotations

from datetime import timedelta

from knowalledge_api.database.accounts import keys
from knowalledge_api.database.accounts.keys import KeyFacts
from tests.support.people import NOON, People
from tests.support.tables import digest

LATER = NOON + timedelta(minutes=1)


def test_a_key_is_listed_as_added(crowd: People) -> None:
    ada = crowd.add("ada").account
    with crowd.database.session() as session:
        added = keys.add_key(session, ada.number, digest("x"), "sk_x", LATER)
        assert keys.list_keys(session, ada.number)[1:] == (added,)
        assert added == KeyFacts(2, "sk_x", LATER, None, None)


def test_keys_are_revoked_one_by_one_or_all(crowd: People) -> None:
    ada, bob = crowd.add("ada").account, crowd.add("bob").account
    with crowd.database.session() as session:
        for number in range(3):
            keys.add_key(session, ada.number, digest(str(number)), f"sk_{number}", NOON)
        assert keys.revoke_keys(session, ada.number, LATER, key_id=3) == ("sk_0",)
        assert keys.revoke_keys(session, ada.number, LATER, key_id=3) == ()
        assert keys.revoke_keys(session, ada.number, LATER, key_id=2) == ()
        assert len(keys.revoke_keys(session, ada.number, LATER + timedelta(1))) == 3
        assert keys.list_keys(session, ada.number) == ()
        listed = keys.list_keys(session, ada.number, revoked=True)
        assert [each.revoked_at is None for each in listed] == [False] * 4
        assert len(keys.list_keys(session, bob.number)) == 1


def test_a_key_is_somebodys_even_after_it_was_revoked(crowd: People) -> None:
    ada, bob = crowd.add("ada"), crowd.add("bob")
    with crowd.database.session() as session:
        keys.revoke_keys(session, ada.account.number, NOON)
        assert keys.has_key(session, ada.account.number, ada.key.id)
        assert not keys.has_key(session, bob.account.number, ada.key.id)


def test_the_last_use_never_goes_back(crowd: People) -> None:
    ada = crowd.add("ada")
    for moment, kept in ((LATER, LATER), (NOON, LATER), (LATER + timedelta(1),) * 2):
        with crowd.database.session() as session:
            keys.note_use(session, {ada.key.id: moment, 999: moment})
            (key,) = keys.list_keys(session, ada.account.number)
        assert key.last_used_at == kept
