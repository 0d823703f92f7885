"""What is done to users and their keys, and written down."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from knowalledge_api.auth.api_keys import digest_of
from knowalledge_api.database.accounts import keys
from knowalledge_api.database.accounts.lookup import holder_of_key
from knowalledge_api.database.accounts.users import Account, NewUser, TakenError
from knowalledge_api.database.models import Role, Tier
from knowalledge_api.services import account_changes as changes
from tests.support.people import NOON, People, people


@pytest.fixture
def crowd(tmp_path: Path) -> Iterator[People]:
    with people(tmp_path) as found:
        yield found


@pytest.mark.parametrize("text", ["ada", "A.b_c-d@e", "x" * 64, "123"])
def test_what_may_be_a_user_id(text: str) -> None:
    assert changes.is_user_id(text)


@pytest.mark.parametrize("text", ["", "ab", "x" * 65, "a b", "ada\n", "ädä", "a/b", "a:b", "٣٣٣"])
def test_what_may_not(text: str) -> None:
    assert not changes.is_user_id(text)


def test_whatever_is_done_is_written_down(crowd: People) -> None:
    crowd.add("ada")
    with crowd.database.session() as session:
        by = crowd.by
        changes.set_role(session, by, "ada", Role.ADMIN)
        changes.set_tier(session, by, "ada", Tier.BASIC)
        changes.disable(session, by, "ada", last=True)
        changes.enable(session, by, "ada")
        changes.revoke_keys(session, by, changes.held(session, "ada"))
    assert [action for _, action, _ in crowd.deeds()] == [
        *("user.create", "key.issue", "user.role", "user.tier"),
        *("user.disable", "user.enable", "key.revoke"),
    ]
    assert {(actor, subject) for actor, _, subject in crowd.deeds()} == {("a test", "ada")}


def test_what_changes_nothing_is_not_written_down(crowd: People) -> None:
    issued = crowd.add("ada", Role.ADMIN)
    with crowd.database.session() as session:
        by = crowd.by
        assert changes.set_role(session, by, "ada", Role.ADMIN).role is Role.ADMIN
        assert changes.set_tier(session, by, "ada", Tier.FREE).tier is Tier.FREE
        assert changes.enable(session, by, "ada").disabled_at is None
        changes.disable(session, by, "ada", last=True)
        assert changes.disable(session, by, "ada").disabled_at == NOON
        assert changes.revoke_keys(session, by, issued.account, issued.key.id)
        assert changes.revoke_keys(session, by, issued.account, issued.key.id) == ()
    assert [action for _, action, _ in crowd.deeds()][2:] == ["user.disable", "key.revoke"]


def test_a_change_is_given_back(crowd: People) -> None:
    crowd.add("ada")
    with crowd.database.session() as session:
        changed = changes.set_role(session, crowd.by, "ada", Role.ADMIN)
        assert changed == Account(1, "ada", Role.ADMIN, Tier.FREE, None, None, NOON)
        assert changes.set_tier(session, crowd.by, "ada", Tier.LIMITED).tier is Tier.LIMITED


def test_somebody_administers_to_the_last(crowd: People) -> None:
    crowd.add("ada", Role.ADMIN)
    crowd.add("bob", Role.ADMIN)
    crowd.disable("bob")
    for _ in range(2):
        with pytest.raises(changes.LastAdminError), crowd.database.session() as session:
            changes.set_role(session, crowd.by, "ada", Role.USER)
        with pytest.raises(changes.LastAdminError), crowd.database.session() as session:
            changes.disable(session, crowd.by, "ada")
    with crowd.database.session() as session:
        changes.set_role(session, crowd.by, "bob", Role.USER)  # who may not come in anyway
        assert changes.disable(session, crowd.by, "ada", last=True).disabled_at == NOON


def test_with_another_admin_one_may_go(crowd: People) -> None:
    crowd.add("ada", Role.ADMIN)
    crowd.add("bob", Role.ADMIN)
    with crowd.database.session() as session:
        assert changes.set_role(session, crowd.by, "ada", Role.USER).role is Role.USER


def test_nobody_has_no_role_no_tier_and_no_keys(crowd: People) -> None:
    with crowd.database.session() as session:
        for change in (changes.disable, changes.enable):
            with pytest.raises(changes.UnknownUserError):
                change(session, crowd.by, "nobody")


def test_an_id_is_taken_once(crowd: People) -> None:
    crowd.add("ada", Role.ADMIN)
    with pytest.raises(TakenError), crowd.database.session() as session:
        changes.add_user(session, crowd.by, NewUser("ada", Role.USER, Tier.FREE))
    with crowd.database.session() as session:
        assert changes.held(session, "ada").role is Role.ADMIN
    assert len(crowd.deeds()) == 2


def test_an_issued_key_opens_and_is_nowhere_in_the_database(crowd: People) -> None:
    issued = crowd.add("ada")
    text = issued.text.reveal()
    with crowd.database.connection() as connection:
        holder = holder_of_key(connection, digest_of(text))
        dump = "".join(
            str(connection.exec_driver_sql(f"SELECT * FROM {name}").all())  # noqa: S608 -- names of ours
            for name in ("users", "api_keys", "audit_log")
        )
    assert holder
    assert holder.account == issued.account
    assert text[:11] in dump
    assert text[11:] not in dump


def test_nobody_revokes_the_key_of_another(crowd: People) -> None:
    ada, bob = crowd.add("ada"), crowd.add("bob")
    with crowd.database.session() as session:
        for key_id in (bob.key.id, 999):
            with pytest.raises(changes.UnknownKeyError):
                changes.revoke_keys(session, crowd.by, ada.account, key_id)
        assert len(keys.list_keys(session, bob.account.number)) == 1
