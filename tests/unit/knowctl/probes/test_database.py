from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from knowalledge_api.errors import (
    CreationRefusedError,
    DatabaseUnavailableError,
    MigrationBusyError,
    MigrationError,
    UnknownRevisionError,
    UnknownSchemeError,
)
from knowalledge_api.settings import SettingsError
from knowctl.errors import ErrorCode, ExitCode, KnowctlError
from knowctl.model.database import SchemaStatus
from knowctl.probes.database import DatabaseProbe, clear_errors
from knowctl.probes.settings import SettingsProbe

URL = "postgresql://user:canary@127.0.0.1:1/name"


@pytest.fixture
def probe() -> DatabaseProbe:
    return DatabaseProbe(SettingsProbe({"DATABASE_URL": URL}).settings())


def told(probe: DatabaseProbe, error: Exception) -> KnowctlError:
    with pytest.raises(KnowctlError) as raised, probe._clear_errors():
        raise error
    assert "canary" not in repr(raised.value.failure)
    assert "postgresql://user:********@127.0.0.1:1/name" in raised.value.failure.message
    return raised.value


def test_a_database_is_named_without_its_password(probe: DatabaseProbe) -> None:
    assert probe.name == "postgresql://user:********@127.0.0.1:1/name"


@pytest.mark.parametrize(
    ("hint", "told_hint"),
    [("start it", "start it"), ("", "knowctl config show --origin DATABASE_URL")],
)
def test_a_database_that_does_not_answer_is_told(
    probe: DatabaseProbe, hint: str, told_hint: str
) -> None:
    failure = told(probe, DatabaseUnavailableError("refused", hint)).failure
    assert (failure.code, failure.cause, failure.hint) == (ErrorCode.DATABASE, "refused", told_hint)


@pytest.mark.parametrize(
    ("hint", "told_hint"), [("undo it", "undo it"), ("", "knowctl db current")]
)
def test_a_migration_that_failed_is_told_and_no_bug(
    probe: DatabaseProbe, hint: str, told_hint: str
) -> None:
    failure = told(probe, MigrationError("migration 0002 failed", hint)).failure
    assert failure.code is ErrorCode.SCHEMA
    assert (failure.cause, failure.hint) == ("migration 0002 failed", told_hint)


@pytest.mark.parametrize(
    ("error", "code", "exit_code"),
    [
        (CreationRefusedError("denied", "ask", ("CREATE",)), ErrorCode.REFUSED, ExitCode.REFUSED),
        (UnknownRevisionError("no 9", "look"), ErrorCode.USAGE, ExitCode.USAGE),
        (MigrationBusyError("busy", "wait"), ErrorCode.TIMED_OUT, ExitCode.TIMED_OUT),
        (MigrationError("failed"), ErrorCode.SCHEMA, ExitCode.FAILED),
    ],
)
def test_what_kept_a_migration_back_decides_the_exit_code(
    probe: DatabaseProbe, error: MigrationError, code: ErrorCode, exit_code: ExitCode
) -> None:
    failure = told(probe, error).failure
    assert (failure.code, failure.exit_code) == (code, exit_code)
    assert failure.sql == getattr(error, "sql", ())


@pytest.mark.parametrize("kind", [DatabaseUnavailableError, MigrationError])
def test_what_a_database_says_can_not_draw_on_a_terminal(
    probe: DatabaseProbe, kind: Callable[[str], Exception]
) -> None:
    failure = told(probe, kind("a\x1b[2Jb")).failure
    assert failure.cause == "a\N{REPLACEMENT CHARACTER}[2Jb"


def test_other_errors_are_bugs_and_stay_what_they_are(probe: DatabaseProbe) -> None:
    with pytest.raises(ZeroDivisionError), probe._clear_errors():
        raise ZeroDivisionError


def test_asking_makes_no_sqlite_file() -> None:
    made = DatabaseProbe(SettingsProbe({"DATABASE_URL": "sqlite:///a.db"}).settings())
    assert made.ping() == 0
    schema = made.schema()
    assert (schema.status, schema.current) == (SchemaStatus.EMPTY, ())
    assert schema.heads
    assert list(Path().iterdir()) == []

    assert made.migrate(1).after == schema.heads
    assert made.ping() > 0
    assert made.schema().status is SchemaStatus.OK


def test_a_sqlite_file_that_can_not_be_made_does_not_answer() -> None:
    asked = DatabaseProbe(SettingsProbe({"DATABASE_URL": "sqlite:///no/a.db"}).settings())
    for question in (asked.ping, asked.schema):
        with pytest.raises(KnowctlError) as raised:
            question()
        assert raised.value.failure.code is ErrorCode.DATABASE
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize("error", [UnknownSchemeError("an option"), SettingsError(())])
def test_what_the_settings_let_through_and_nobody_can_use_is_a_fault_of_the_configuration(
    error: Exception,
) -> None:
    with pytest.raises(KnowctlError) as raised, clear_errors("it"):
        raise error
    assert raised.value.failure.code is ErrorCode.CONFIGURATION
