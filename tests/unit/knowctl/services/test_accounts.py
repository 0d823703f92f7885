from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import pytest

from knowctl.errors import ErrorCode, ExitCode, KnowctlError
from knowctl.model.accounts import (
    ChangedUser,
    IssuedKey,
    RevokedKeys,
    User,
    UserKey,
    UserKeys,
    Users,
)
from knowctl.services import accounts
from knowctl.services.accounts import Ports
from tests.unit.knowctl.conftest import Talked

ADA = User("ada", "admin", "free", None, "2026-01-01T12:00:00+00:00")


@dataclass
class FakeAccounts:
    """One administrator with these keys; `fails` says how a change of her ends."""

    held: tuple[int, ...] = (1, 2)
    fails: ErrorCode | None = ErrorCode.LAST_ADMIN
    done: list[tuple[object, ...]] = field(default_factory=list)

    def create(self, user_id: str, role: str, tier: str, email: str | None) -> ChangedUser:
        raise NotImplementedError

    def users(self, most: int) -> Users:
        raise NotImplementedError

    def set_tier(self, user_id: str, tier: str) -> ChangedUser:
        raise NotImplementedError

    def enable(self, user_id: str) -> ChangedUser:
        raise NotImplementedError

    def set_role(self, user_id: str, role: str, *, last: bool) -> ChangedUser:
        return self._changed("role", user_id, role, last=last)

    def disable(self, user_id: str, *, last: bool) -> ChangedUser:
        return self._changed("disable", user_id, last=last)

    def issue(self, user_id: str) -> IssuedKey:
        return IssuedKey(user_id, 3, "sk_three", "sk_three-whole")

    def rotate(self, user_id: str) -> IssuedKey:
        self.done.append(("rotate", user_id))
        return IssuedKey(user_id, 3, "sk_three", "sk_three-whole", ("sk_1", "sk_2"))

    def keys(self, user_id: str, *, revoked: bool) -> UserKeys:
        assert not revoked
        return UserKeys(user_id, tuple(UserKey(each, f"sk_{each}", "x") for each in self.held))

    def revoke(self, user_id: str, key_id: int | None) -> RevokedKeys:
        self.done.append(("revoke", user_id, key_id))
        return RevokedKeys(user_id, ("sk_1",))

    def _changed(self, *what: object, last: bool) -> ChangedUser:
        if self.fails and not last:
            cause = "Nobody would be left"
            raise KnowctlError(self.fails, "no", cause=cause, hint="x", exit_code=ExitCode.REFUSED)
        self.done.append((*what, last))
        return ChangedUser("changed", ADA)


def ports(*, agrees: bool = False, **fake: object) -> tuple[Ports, FakeAccounts, Talked]:
    found, person = FakeAccounts(**fake), Talked(agrees=agrees)  # type: ignore[arg-type]  # as each test says
    return Ports(found, person), found, person


def disabled(made: Ports, *, confirmed: bool) -> ChangedUser:
    return accounts.disable(made, "ada", confirmed=confirmed)


def demoted(made: Ports, *, confirmed: bool) -> ChangedUser:
    return accounts.set_role(made, "ada", "user", confirmed=confirmed)


class Change(Protocol):
    def __call__(self, made: Ports, *, confirmed: bool) -> ChangedUser: ...


@pytest.mark.parametrize("change", [disabled, demoted])
def test_the_last_administrator_goes_with_a_yes_alone(change: Change) -> None:
    refusing, found, person = ports()
    with pytest.raises(KnowctlError, match="no"):
        change(refusing, confirmed=False)
    assert (found.done, person.questions) == ([], ["Nobody would be left. Go on?"])
    agreeing, found, _ = ports(agrees=True)
    change(agreeing, confirmed=False)
    assert found.done[0][-1] is True
    certain, found, person = ports()
    change(certain, confirmed=True)
    assert (found.done[0][-1], person.questions) == (True, [])


def test_nobody_is_asked_where_another_administers() -> None:
    made, found, person = ports(fails=None)
    accounts.disable(made, "ada", confirmed=False)
    assert (found.done, person.questions) == ([("disable", "ada", False)], [])


def test_another_failure_is_told_as_it_is() -> None:
    made, _, person = ports(fails=ErrorCode.NOT_FOUND, agrees=True)
    with pytest.raises(KnowctlError) as raised:
        accounts.disable(made, "ada", confirmed=False)
    assert raised.value.failure.code is ErrorCode.NOT_FOUND
    assert person.questions == []


def test_an_issued_key_is_told_of_without_the_key() -> None:
    made, _, person = ports()
    assert accounts.issue(made, "ada").api_key == "sk_three-whole"
    assert person.steps == [("issued", "key 3 of ada (sk_three): it is shown this once")]


def test_rotating_says_what_ends_and_asks() -> None:
    made, found, person = ports()
    with pytest.raises(KnowctlError) as raised:
        accounts.rotate(made, "ada", confirmed=False)
    assert (raised.value.failure.exit_code, found.done) == (ExitCode.REFUSED, [])
    assert raised.value.failure.hint == "knowctl keys rotate ada --yes"
    assert "sk_1, sk_2 of ada" in person.questions[0]
    made, found, person = ports(agrees=True)
    accounts.rotate(made, "ada", confirmed=False)
    assert found.done == [("rotate", "ada")]
    assert [name for name, _ in person.steps] == ["revoked", "revoked", "issued"]


def test_where_nothing_ends_nobody_is_asked() -> None:
    made, found, person = ports(held=())
    accounts.rotate(made, "ada", confirmed=False)
    accounts.revoke(made, "ada", None, confirmed=False)
    assert len(found.done) == 2
    assert person.questions == []


@pytest.mark.parametrize(
    ("key_id", "words"), [(2, "revoke ada 2 --yes"), (None, "revoke ada --all --yes")]
)
def test_revoking_asks_about_the_keys_that_end(key_id: int | None, words: str) -> None:
    made, found, person = ports()
    with pytest.raises(KnowctlError) as raised:
        accounts.revoke(made, "ada", key_id, confirmed=False)
    assert raised.value.failure.hint == f"knowctl keys {words}"
    assert ("sk_1" in person.questions[0]) is (key_id is None)
    accounts.revoke(made, "ada", key_id, confirmed=True)
    assert found.done == [("revoke", "ada", key_id)]


def test_one_key_or_all_has_to_be_named() -> None:
    assert accounts.which(3, every=False) == 3
    assert accounts.which(None, every=True) is None
    for key_id, every in ((None, False), (3, True)):
        with pytest.raises(KnowctlError) as raised:
            accounts.which(key_id, every=every)
        assert raised.value.failure.exit_code is ExitCode.USAGE
