"""Users in the table."""

from __future__ import annotations

from dataclasses import replace

import pytest

from knowalledge_api.database.accounts import users
from knowalledge_api.database.accounts.users import Account, NewUser, TakenError
from knowalledge_api.database.models import Role, Tier
from tests.support.people import NOON, People

ADA = NewUser("ada", Role.ADMIN, Tier.BASIC, "ada@example.org")


def test_a_user_is_found_as_added(crowd: People) -> None:
    with crowd.database.session() as session:
        added = users.add_user(session, ADA, NOON)
        assert added == Account(1, "ada", Role.ADMIN, Tier.BASIC, "ada@example.org", None, NOON)
    with crowd.database.session() as session:
        assert users.find_user(session, "ada") == added
        assert users.hold_user(session, "ada") == added
        for nobody in ("ADA", "ad", "ada "):
            assert users.find_user(session, nobody) is None
            assert users.hold_user(session, nobody) is None


def test_an_id_is_taken_once(crowd: People) -> None:
    with crowd.database.session() as session:
        users.add_user(session, ADA, NOON)
    with pytest.raises(TakenError), crowd.database.session() as session:
        users.add_user(session, replace(ADA, role=Role.USER), NOON)
    with crowd.database.session() as session:
        users.add_user(session, replace(ADA, user_id="Ada"), NOON)


def test_users_are_listed_by_their_ids_as_many_as_asked(crowd: People) -> None:
    with crowd.database.session() as session:
        for name in ("bob", "eve", "ada"):
            users.add_user(session, replace(ADA, user_id=name), NOON)
        assert [each.user_id for each in users.list_users(session, 2)] == ["ada", "bob"]


def test_a_change_is_of_one_user(crowd: People) -> None:
    with crowd.database.session() as session:
        one = users.add_user(session, ADA, NOON)
        users.add_user(session, replace(ADA, user_id="bob"), NOON)
        users.change_user(session, one.number, role=Role.USER, disabled_at=NOON)
    with crowd.database.session() as session:
        changed, other = users.list_users(session, 9)
    assert (changed.role, changed.disabled_at) == (Role.USER, NOON)
    assert (other.role, other.disabled_at) == (Role.ADMIN, None)


def test_other_admins_are_those_that_may_come_in(crowd: People) -> None:
    with crowd.database.session() as session:
        ada = users.add_user(session, ADA, NOON)
        bob = users.add_user(session, replace(ADA, user_id="bob"), NOON)
        users.add_user(session, replace(ADA, user_id="eve", role=Role.USER), NOON)
        assert users.other_admins(session, ada.number) == 1
        users.change_user(session, bob.number, disabled_at=NOON)
        assert users.other_admins(session, ada.number) == 0
        assert users.other_admins(session, bob.number) == 1
