"""From a credential to who is asking."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from knowalledge_api.auth.api_keys import new_key
from knowalledge_api.auth.identity import FRESH, MOST, OLDEST, principal_of
from knowalledge_api.database.accounts.tokens import revoke_token
from knowalledge_api.database.models import Role, Tier
from knowalledge_api.errors import ApiError, DatabaseUnavailableError
from knowalledge_api.services import account_changes as changes
from tests.support.people import NOON, OTHER_KEY, People


def status(work: Callable[[], object]) -> int:
    """The status with which something is refused, 200 where it is not."""
    try:
        work()
    except ApiError as error:
        return error.status
    return 200


def key_and_token(crowd: People, user_id: str = "ada", role: Role = Role.USER) -> tuple[str, str]:
    issued = crowd.add(user_id, role)
    principal = principal_of(issued.account, key_id=issued.key.id)
    return issued.text.reveal(), crowd.tokens.issue(principal)


def test_a_key_and_its_token_are_of_the_same_user(crowd: People) -> None:
    key, token = key_and_token(crowd)
    by_key, by_token = map(crowd.identity.identify, (key, token))
    assert (by_key.user_id, by_key.role, by_key.tier) == ("ada", Role.USER, Tier.FREE)
    assert (by_key.key_id, by_key.token) == (1, None)
    assert by_token.key_id is None
    assert by_token.token
    assert replace(by_token, token=None) == replace(by_key, key_id=None)


@pytest.mark.parametrize("text", ["", "x", "sk_", "sk_" + "a" * 43, "é" * 46, "a.b.c", "sk_\0"])
def test_what_nobody_has_is_401(crowd: People, text: str) -> None:
    assert status(lambda: crowd.identity.identify(text)) == 401


def test_known_and_unknown_keys_cost_the_same_questions(crowd: People) -> None:
    key, _ = key_and_token(crowd)
    asked = []
    for text in (key, new_key().text.reveal()):
        crowd.questions.clear()
        status(partial(crowd.identity.identify_anew, text))
        asked.append(list(crowd.questions))
    assert asked[0] == asked[1]
    assert len(asked[0]) == 1


def test_known_and_unknown_users_of_a_token_cost_the_same_questions(crowd: People) -> None:
    _, token = key_and_token(crowd)
    nobody = replace(crowd.identity.identify(token), user_id="nobody")
    crowd.identity.forget(token)
    asked = []
    for text in (token, crowd.tokens.issue(nobody)):
        crowd.questions.clear()
        status(partial(crowd.identity.identify, text))
        asked.append(list(crowd.questions))
    assert asked[0] == asked[1]
    assert len(asked[0]) == 1


def test_the_database_is_asked_once_in_three_seconds(crowd: People) -> None:
    key, _ = key_and_token(crowd)
    for _ in range(5):
        crowd.identity.identify(key)
    assert len(crowd.questions) == 1
    crowd.hands.pass_by(FRESH)
    crowd.identity.identify(key)
    crowd.identity.identify(key)
    assert len(crowd.questions) == 2


def test_a_bad_credential_is_asked_for_every_time(crowd: People) -> None:
    nobody = new_key().text.reveal()
    for _ in range(3):
        assert status(lambda: crowd.identity.identify(nobody)) == 401
    assert len(crowd.questions) == 3


def test_a_role_that_changed_holds_within_five_seconds(crowd: People) -> None:
    key, token = key_and_token(crowd)
    for text in (key, token):
        assert crowd.identity.identify(text).role is Role.USER
    crowd.set_role("ada", Role.ADMIN)
    crowd.hands.pass_by(FRESH)
    for text in (key, token):
        assert crowd.identity.identify(text).role is Role.ADMIN


def test_a_disabled_user_is_403_and_comes_back(crowd: People) -> None:
    key, token = key_and_token(crowd)
    crowd.identity.identify(key)
    crowd.disable("ada")
    crowd.hands.pass_by(FRESH)
    for text in (key, token):
        assert status(partial(crowd.identity.identify, text)) == 403
    assert status(lambda: crowd.identity.identify_anew(key)) == 403
    with crowd.database.session() as session:
        changes.enable(session, crowd.by, "ada")
    crowd.hands.pass_by(FRESH)
    assert crowd.identity.identify(key).user_id == "ada"


def test_a_revoked_key_ends_and_with_it_the_tokens_it_got(crowd: People) -> None:
    key, token = key_and_token(crowd)
    other = crowd.tokens.issue(replace(crowd.identity.identify(key), key_id=None))
    crowd.identity.identify(token)
    with crowd.database.session() as session:
        changes.revoke_keys(session, crowd.by, changes.held(session, "ada"))
    crowd.hands.pass_by(FRESH)
    for text in (key, token, key, token):  # what was remembered is over with the first refusal
        assert status(partial(crowd.identity.identify, text)) == 401
    assert crowd.identity.identify(other).user_id == "ada"


def test_a_token_of_another_users_key_is_refused(crowd: People) -> None:
    key_and_token(crowd)
    eve, _ = key_and_token(crowd, "eve")
    stolen = replace(crowd.identity.identify(eve), user_id="ada")
    assert status(lambda: crowd.identity.identify(crowd.tokens.issue(stolen))) == 401


def test_a_token_that_was_logged_out_is_refused_by_who_forgot_it(crowd: People) -> None:
    _, token = key_and_token(crowd)
    facts = crowd.identity.identify(token).token
    assert facts
    with crowd.database.session() as session:
        revoke_token(session, facts.id, NOON)
    crowd.identity.forget(token)
    assert status(lambda: crowd.identity.identify(token)) == 401
    crowd.identity.forget("what nobody remembers")


def test_a_token_ends_while_it_is_remembered(crowd: People) -> None:
    issued = crowd.add("ada")
    crowd.tokens.seconds = 2
    token = crowd.tokens.issue(principal_of(issued.account))
    assert crowd.identity.identify(token).user_id == "ada"
    crowd.hands.pass_by(2)
    assert status(lambda: crowd.identity.identify(token)) == 401


def test_a_token_of_somebody_who_had_the_id_before_is_refused(crowd: People) -> None:
    old = crowd.tokens.issue(principal_of(crowd.add("ada").account))
    with crowd.database.connection() as connection:
        for name in ("api_keys", "users"):
            connection.exec_driver_sql(f"DELETE FROM {name}")  # noqa: S608 -- a name of ours
        connection.commit()
    crowd.hands.pass_by(61)
    crowd.add("ada")
    assert status(lambda: crowd.identity.identify(old)) == 401


def test_a_former_signing_key_still_opens_and_a_strange_one_does_not(crowd: People) -> None:
    _, token = key_and_token(crowd)
    rotated = People(crowd.database, crowd.hands, (OTHER_KEY, *crowd.keys))
    assert rotated.identity.identify(token).user_id == "ada"
    strange = People(crowd.database, crowd.hands, (OTHER_KEY,))
    assert status(lambda: strange.identity.identify(token)) == 401


def test_a_database_that_can_not_be_asked_is_never_401(crowd: People) -> None:
    key, token = key_and_token(crowd)
    crowd.identity.identify(key)
    with crowd.database.connection() as connection:
        for name in ("revoked_tokens", "api_keys"):
            connection.exec_driver_sql(f"DROP TABLE {name}")
        connection.commit()
    crowd.hands.pass_by(OLDEST)
    for text in (key, token, new_key().text.reveal()):
        with pytest.raises(DatabaseUnavailableError):
            crowd.identity.identify(text)
    assert status(lambda: crowd.identity.identify("a.b.c")) == 401


def test_while_one_asks_others_go_by_what_is_known_but_not_for_long(crowd: People) -> None:
    key, _ = key_and_token(crowd)
    crowd.identity.identify(key)
    with crowd.database.connection() as connection:
        connection.exec_driver_sql("DROP TABLE api_keys")
        connection.commit()
    crowd.hands.pass_by(FRESH)
    with pytest.raises(DatabaseUnavailableError):
        crowd.identity.identify(key)  # the one that asks
    assert crowd.identity.identify(key).user_id == "ada"
    crowd.hands.pass_by(OLDEST - FRESH)
    for _ in range(2):
        with pytest.raises(DatabaseUnavailableError):
            crowd.identity.identify(key)


def test_a_key_that_is_used_is_noted_and_a_remembered_one_is_not(crowd: People) -> None:
    key, token = key_and_token(crowd)
    for _ in range(3):
        crowd.identity.identify(token)
    assert crowd.hands.later == []
    for _ in range(3):
        crowd.identity.identify(key)
    assert len(crowd.hands.later) == 1


def test_a_login_takes_a_key_and_no_token(crowd: People) -> None:
    key, token = key_and_token(crowd)
    assert crowd.identity.identify_anew(key).key_id == 1
    assert status(lambda: crowd.identity.identify_anew(token)) == 401


def test_what_is_remembered_has_a_bound(crowd: People) -> None:
    keys = [crowd.add(name).text.reveal() for name in ("ada", "bob")]
    crowd.identity.identify(keys[0])
    (known,) = crowd.identity._known.values()
    crowd.identity._known.update({number.to_bytes(4): known for number in range(MOST - 1)})
    crowd.identity.identify(keys[1])
    assert len(crowd.identity._known) == 1


def test_no_credential_is_kept_in_memory_as_it_is(crowd: People) -> None:
    key, token = key_and_token(crowd)
    for text in (key, token):
        crowd.identity.identify(text)
    assert all(len(digest) == 32 for digest in crowd.identity._known)
    assert key not in repr(crowd.identity._known)
