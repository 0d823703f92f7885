"""What learners and administrators do with users, keys and tokens."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from knowalledge_api.auth.api_keys import new_key
from knowalledge_api.auth.principal import Principal
from knowalledge_api.database.models import Role, Tier
from knowalledge_api.errors import ApiError
from knowalledge_api.services.account_changes import Issued
from knowalledge_api.services.accounts import Accounts
from tests.support.people import People, people


@pytest.fixture
def crowd(tmp_path: Path) -> Iterator[People]:
    with people(tmp_path) as found:
        yield found


def accounts_of(crowd: People, *, is_open: bool = True) -> Accounts:
    return Accounts(
        crowd.database, crowd.identity, crowd.tokens, is_open=is_open, now=crowd.hands.now
    )


@pytest.fixture
def accounts(crowd: People) -> Accounts:
    return accounts_of(crowd)


def an_admin(crowd: People, user_id: str = "root") -> Principal:
    return crowd.identity.identify(crowd.add(user_id, Role.ADMIN).text.reveal())


def register(
    crowd: People, accounts: Accounts, tier: Tier = Tier.FREE, by: Principal | None = None
) -> Issued:
    with crowd.database.session() as session:
        return accounts.register(session, "ada", tier, by)


def test_whoever_registers_gets_a_key_of_the_free_tier(crowd: People, accounts: Accounts) -> None:
    issued = register(crowd, accounts)
    who = crowd.identity.identify(issued.text.reveal())
    assert (who.user_id, who.role, who.tier) == ("ada", Role.USER, Tier.FREE)
    assert crowd.deeds() == [("ada", "user.create", "ada"), ("ada", "key.issue", "ada")]


def test_registering_an_id_that_is_taken_is_409_and_changes_nothing(
    crowd: People, accounts: Accounts
) -> None:
    crowd.add("ada", Role.ADMIN, Tier.PREMIUM)
    with pytest.raises(ApiError, match="knowctl keys issue") as raised:
        register(crowd, accounts)
    assert raised.value.status == 409
    (only,) = accounts.own_keys(Principal(1, "ada", Role.USER, Tier.FREE, None, crowd.by.now))
    assert only.id == 1
    assert len(crowd.deeds()) == 2


def test_more_than_free_is_for_an_administrator_to_give(crowd: People, accounts: Accounts) -> None:
    user = crowd.identity.identify(crowd.add("bob").text.reveal())
    for by in (None, user):
        with pytest.raises(ApiError, match="administrator") as raised:
            register(crowd, accounts, Tier.PREMIUM, by)
        assert raised.value.status == 403
    issued = register(crowd, accounts, Tier.PREMIUM, an_admin(crowd))
    assert (issued.account.tier, issued.account.role) == (Tier.PREMIUM, Role.USER)
    assert ("root", "user.create", "ada") in crowd.deeds()


def test_closed_is_closed_to_all_but_administrators(crowd: People) -> None:
    accounts = accounts_of(crowd, is_open=False)
    with pytest.raises(ApiError, match="closed") as raised:
        register(crowd, accounts)
    assert raised.value.status == 403
    assert register(crowd, accounts, by=an_admin(crowd)).account.user_id == "ada"


def test_a_login_gives_a_token_that_opens(crowd: People, accounts: Accounts) -> None:
    done = accounts.login(crowd.add("ada").text.reveal())
    assert done.seconds == 3600
    assert crowd.identity.identify(done.token).user_id == done.principal.user_id == "ada"


@pytest.mark.parametrize("text", ["", "x", "sk_", "a.b.c"])
def test_a_login_with_nobodys_key_is_401(accounts: Accounts, text: str) -> None:
    for key in (text, new_key().text.reveal()):
        with pytest.raises(ApiError) as raised:
            accounts.login(key)
        assert raised.value.status == 401


def test_a_logout_revokes_the_token_and_leaves_a_key_alone(
    crowd: People, accounts: Accounts
) -> None:
    key = crowd.add("ada").text.reveal()
    token = accounts.login(key).token
    who = crowd.identity.identify(token)
    assert accounts.logout(who)
    assert accounts.logout(who)  # a repetition is no error
    crowd.identity.forget(token)
    with pytest.raises(ApiError):
        crowd.identity.identify(token)
    assert not accounts.logout(crowd.identity.identify(key))
    assert [action for _, action, _ in crowd.deeds()].count("token.revoke") == 1


def generate(
    crowd: People, accounts: Accounts, tier: Tier | None, role: Role | None, user_id: str = "ada"
) -> Issued:
    by = Principal(99, "root", Role.ADMIN, Tier.FREE, None, crowd.by.now)
    with crowd.database.session() as session:
        return accounts.generate_key(session, user_id, tier, role, by)


def test_an_administrator_generates_a_key_for_somebody_new(
    crowd: People, accounts: Accounts
) -> None:
    issued = generate(crowd, accounts, Tier.UNLIMITED, Role.ADMIN)
    who = crowd.identity.identify(issued.text.reveal())
    assert (who.tier, who.role) == (Tier.UNLIMITED, Role.ADMIN)
    plain = generate(crowd, accounts, None, None, "bob").account
    assert (plain.tier, plain.role) == (Tier.FREE, Role.USER)


def test_for_somebody_known_what_is_not_named_stays(crowd: People, accounts: Accounts) -> None:
    crowd.add("ada", Role.ADMIN, Tier.PREMIUM)
    issued = generate(crowd, accounts, None, None)
    assert (issued.account.tier, issued.account.role) == (Tier.PREMIUM, Role.ADMIN)
    issued = generate(crowd, accounts, Tier.LIMITED, None)
    assert (issued.account.tier, issued.account.role) == (Tier.LIMITED, Role.ADMIN)
    assert len(accounts.own_keys(crowd.identity.identify(issued.text.reveal()))) == 3


def test_asking_for_what_somebody_has_already_is_a_further_key_and_no_more(
    crowd: People, accounts: Accounts
) -> None:
    for _ in range(2):  # a script that sends it again
        issued = generate(crowd, accounts, Tier.PREMIUM, Role.ADMIN)
        assert (issued.account.tier, issued.account.role) == (Tier.PREMIUM, Role.ADMIN)
    assert [action for _, action, _ in crowd.deeds()] == ["user.create", "key.issue", "key.issue"]


@pytest.mark.parametrize(
    ("tier", "role", "steps"),
    [
        (None, Role.ADMIN, ["knowctl users set-role ada admin"]),
        (Tier.LIMITED, Role.ADMIN, ["knowctl users set-role ada admin"]),
        (Tier.BASIC, None, ["knowctl users set-tier ada basic"]),
        (Tier.BASIC, Role.USER, ["knowctl users set-tier ada basic"]),
        (
            Tier.UNLIMITED,
            Role.ADMIN,
            ["knowctl users set-role ada admin", "knowctl users set-tier ada unlimited"],
        ),
    ],
)
def test_who_took_the_id_before_is_not_raised_by_a_key_meant_for_somebody_new(
    crowd: People, accounts: Accounts, tier: Tier | None, role: Role | None, steps: list[str]
) -> None:
    stranger = register(crowd, accounts)
    before = crowd.deeds()
    with pytest.raises(ApiError) as raised:
        generate(crowd, accounts, tier, role)
    assert raised.value.status == 409
    told = str(raised.value)
    assert all(step in told for step in steps)
    assert told.count("knowctl") == len(steps)
    who = crowd.identity.identify(stranger.text.reveal())
    assert (who.role, who.tier) == (Role.USER, Tier.FREE)
    assert len(accounts.own_keys(who)) == 1
    assert crowd.deeds() == before


def test_generating_a_key_never_takes_the_last_administrator_away(
    crowd: People, accounts: Accounts
) -> None:
    crowd.add("ada", Role.ADMIN)
    with pytest.raises(ApiError, match="another admin") as raised:
        generate(crowd, accounts, None, Role.USER)
    assert raised.value.status == 409


def test_somebody_made_in_the_same_moment_is_409(crowd: People, accounts: Accounts) -> None:
    crowd.add("ada")
    with pytest.raises(ApiError, match="just now") as raised, crowd.database.session() as session:
        accounts._added(session, crowd.by, "ada", None, Role.ADMIN)
    assert raised.value.status == 409


def test_users_see_and_revoke_their_own_keys_alone(crowd: People, accounts: Accounts) -> None:
    ada, bob = crowd.add("ada"), crowd.add("bob")
    who = crowd.identity.identify(ada.text.reveal())
    assert [each.id for each in accounts.own_keys(who)] == [ada.key.id]
    with pytest.raises(ApiError) as raised, crowd.database.session() as session:
        accounts.revoke_key(session, who, bob.key.id)
    assert raised.value.status == 404
    with crowd.database.session() as session:
        accounts.revoke_key(session, who, ada.key.id)
        accounts.revoke_key(session, who, ada.key.id)  # a repetition is no error
    assert accounts.own_keys(who) == ()
