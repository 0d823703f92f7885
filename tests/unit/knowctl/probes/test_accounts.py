from __future__ import annotations

import getpass
import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import select, update

from knowalledge_api.database import Database
from knowalledge_api.database.models import AuditEntry, Role, Tier, User
from knowalledge_api.database.schema import migrate
from knowctl.choices import RoleName, TierName
from knowctl.errors import ErrorCode, ExitCode, KnowctlError
from knowctl.probes.accounts import AccountsProbe
from tests.support.configuration import sqlite_settings


@pytest.fixture
def probe(tmp_path: Path) -> AccountsProbe:
    settings = sqlite_settings(tmp_path)
    migrate(settings)
    return AccountsProbe(settings)


def failure(work: Callable[[], object]) -> tuple[ErrorCode, ExitCode]:
    with pytest.raises(KnowctlError) as raised:
        work()
    return raised.value.failure.code, raised.value.failure.exit_code


def test_the_words_of_options_are_those_of_the_tables() -> None:
    assert [each.value for each in RoleName] == [each.value for each in Role]
    assert [each.value for each in TierName] == [each.value for each in Tier]


def test_a_user_lives_through_all_commands(probe: AccountsProbe) -> None:
    made = probe.create("ada", "admin", "free", "ada@example.org")
    assert (made.done, made.user.role, made.user.email) == ("created", "admin", "ada@example.org")
    probe.create("bob", "user", "basic", None)
    assert probe.set_tier("ada", "premium").user.tier == "premium"
    assert probe.set_role("bob", "admin", last=False).user.role == "admin"
    assert probe.disable("bob", last=False).user.disabled_at
    assert probe.enable("bob").user.disabled_at is None
    assert [each.user_id for each in probe.users(9).users] == ["ada", "bob"]
    listed = probe.users(1)
    assert ([each.user_id for each in listed.users], listed.more) == (["ada"], True)


def test_what_stands_in_the_database_can_not_draw_on_a_terminal(probe: AccountsProbe) -> None:
    probe.create("ada", "user", "free", "ada@example.org")
    with closing(Database(probe.settings)) as database, database.session() as session:
        session.execute(update(User).values(email="a\x1b[2J@b"))
    [found] = probe.users(9).users
    assert found.email == "a�[2J@b"


def test_keys_are_issued_listed_rotated_and_revoked(probe: AccountsProbe) -> None:
    probe.create("ada", "user", "free", None)
    first, second = probe.issue("ada"), probe.issue("ada")
    assert first.api_key.startswith(first.prefix)
    assert [each.id for each in probe.keys("ada", revoked=False).keys] == [1, 2]
    assert probe.revoke("ada", 1).revoked == (first.prefix,)
    assert probe.revoke("ada", 1).revoked == ()
    rotated = probe.rotate("ada")
    assert rotated.revoked == (second.prefix,)
    assert [each.id for each in probe.keys("ada", revoked=False).keys] == [3]
    states = [each.revoked_at is None for each in probe.keys("ada", revoked=True).keys]
    assert states == [False, False, True]
    assert probe.revoke("ada", None).revoked == (rotated.prefix,)


def test_who_is_not_there_is_named(probe: AccountsProbe) -> None:
    for work in (
        lambda: probe.set_role("nobody", "admin", last=True),
        lambda: probe.disable("nobody", last=False),
        lambda: probe.issue("nobody"),
        lambda: probe.rotate("nobody"),
        lambda: probe.keys("nobody", revoked=True),
        lambda: probe.revoke("nobody", None),
    ):
        assert failure(work) == (ErrorCode.NOT_FOUND, ExitCode.FAILED)


def test_the_key_of_another_is_not_there(probe: AccountsProbe) -> None:
    for name in ("ada", "bob"):
        probe.create(name, "user", "free", None)
        probe.issue(name)
    assert failure(lambda: probe.revoke("ada", 2)) == (ErrorCode.NOT_FOUND, ExitCode.FAILED)
    assert len(probe.keys("bob", revoked=False).keys) == 1


def test_an_id_is_taken_once(probe: AccountsProbe) -> None:
    probe.create("ada", "user", "free", None)
    again = failure(lambda: probe.create("ada", "admin", "free", None))
    assert again == (ErrorCode.EXISTS, ExitCode.REFUSED)
    assert probe.users(9).users[0].role == "user"


@pytest.mark.parametrize("user_id", ["", "ab", "a b", "ä" * 3, "x" * 65])
def test_an_id_that_can_not_be_one_is_wrong_usage(probe: AccountsProbe, user_id: str) -> None:
    refused = failure(lambda: probe.create(user_id, "user", "free", None))
    assert refused == (ErrorCode.USAGE, ExitCode.USAGE)


@pytest.mark.parametrize("email", ["", "ada", "@x", "ada@", "a b@c", "a@b\n", "x" * 250 + "@a.bc"])
def test_so_is_an_address_that_can_not_be_one(probe: AccountsProbe, email: str) -> None:
    refused = failure(lambda: probe.create("ada", "user", "free", email))
    assert refused == (ErrorCode.USAGE, ExitCode.USAGE)


def test_the_last_administrator_is_refused_and_nothing_changed(probe: AccountsProbe) -> None:
    probe.create("ada", "admin", "free", None)
    for work in (
        lambda: probe.disable("ada", last=False),
        lambda: probe.set_role("ada", "user", last=False),
    ):
        assert failure(work) == (ErrorCode.LAST_ADMIN, ExitCode.REFUSED)
    (ada,) = probe.users(9).users
    assert (ada.role, ada.disabled_at) == ("admin", None)
    assert probe.disable("ada", last=True).user.disabled_at


@pytest.mark.parametrize("there", [False, True])
def test_a_database_without_tables_is_a_failure_with_a_hint(tmp_path: Path, *, there: bool) -> None:
    if there:
        (tmp_path / "knowalledge.db").touch()
    probe = AccountsProbe(sqlite_settings(tmp_path))
    with pytest.raises(KnowctlError) as raised:
        probe.users(1)
    assert raised.value.failure.code is ErrorCode.DATABASE
    assert "knowctl db init" in raised.value.failure.hint
    assert (tmp_path / "knowalledge.db").exists() is there


def test_what_was_done_is_written_down_with_who_ran_it(
    probe: AccountsProbe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGNAME", "grace")
    probe.create("ada", "user", "free", None)
    monkeypatch.setattr(getpass, "getuser", _nameless)
    issued = probe.issue("ada")
    database = Database(probe.settings)
    with database.session() as session:
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
        told = [(each.actor, each.action, json.dumps(each.detail)) for each in entries]
    database.close()
    assert told[0][:2] == ("knowctl:grace", "user.create")
    assert told[1][1] == "key.issue"
    assert told[1][0].removeprefix("knowctl:").isdigit()
    assert issued.api_key not in str(told)


def _nameless() -> str:
    raise KeyError
