from __future__ import annotations

import pytest

from knowctl.errors import ExitCode, KnowctlError
from knowctl.model.database import SchemaStatus
from knowctl.services import database
from tests.unit.knowctl.conftest import FakeDatabase, HandClock

EMPTY, BEHIND, OK, AHEAD = (
    SchemaStatus.EMPTY,
    SchemaStatus.BEHIND,
    SchemaStatus.OK,
    SchemaStatus.AHEAD,
)


def nothing(_: str) -> None:
    """Says it to nobody."""


@pytest.mark.parametrize("status", SchemaStatus)
def test_current_shows_any_schema(status: SchemaStatus) -> None:
    assert database.current(FakeDatabase((status,))).status is status


def waiting(fake: FakeDatabase, seconds: float) -> tuple[list[float], list[str]]:
    clock, said = HandClock(), list[str]()
    database.wait_for(fake, seconds, clock.clock, said.append)
    return clock.slept, said


def test_a_database_that_answers_is_not_waited_for() -> None:
    assert waiting(FakeDatabase(), 0) == ([], [])


def test_pauses_grow_to_their_longest_and_a_cause_is_said_once() -> None:
    slept, said = waiting(FakeDatabase(silent=6), 30)
    assert slept == [0.2, 0.4, 0.8, 1.6, 2.0, 2.0]
    assert said == ["waiting up to 30 s: refused"]


def test_another_cause_is_said_again() -> None:
    _, said = waiting(FakeDatabase(silent=2, causes=("refused", "starting up")), 30)
    assert said == ["waiting up to 30 s: refused", "waiting up to 30 s: starting up"]


@pytest.mark.parametrize(("seconds", "pings"), [(0, 1), (0.1, 1), (1, 3)])
def test_waiting_in_vain_ends_in_time_with_the_last_cause(seconds: float, pings: int) -> None:
    clock, fake = HandClock(), FakeDatabase(silent=999)
    with pytest.raises(KnowctlError) as raised:
        database.wait_for(fake, seconds, clock.clock, nothing)
    failure = raised.value.failure
    assert (failure.exit_code, failure.cause, failure.hint) == (
        ExitCode.TIMED_OUT,
        "refused",
        "start it",
    )
    assert failure.message == f"no answer after {seconds:g} s"
    assert clock.at <= seconds
    assert fake.pings == pings


@pytest.mark.parametrize("before", [EMPTY, BEHIND])
def test_a_server_with_leave_to_migrate_gets_a_ready_schema(before: SchemaStatus) -> None:
    said: list[str] = []
    fake = FakeDatabase((before, OK))
    assert database.ready_schema(fake, migrate=True, say=said.append).status is OK
    assert said == ["applied 0001"]


@pytest.mark.parametrize("status", [OK, AHEAD])
@pytest.mark.parametrize("migrate", [True, False])
def test_a_schema_that_serves_is_left_alone(status: SchemaStatus, *, migrate: bool) -> None:
    fake = FakeDatabase((status,))
    assert database.ready_schema(fake, migrate=migrate, say=nothing).status is status
    assert fake.waits == []


@pytest.mark.parametrize(
    ("status", "migrate", "hint"),
    [
        (EMPTY, False, "knowctl db upgrade"),
        (BEHIND, False, "knowctl db upgrade"),
        (SchemaStatus.DIVERGED, True, "check DATABASE_URL"),
        (SchemaStatus.SEVERAL_HEADS, True, "alembic merge heads"),
    ],
)
def test_a_schema_that_does_not_serve_is_refused(
    status: SchemaStatus, hint: str, *, migrate: bool
) -> None:
    with pytest.raises(KnowctlError) as raised:
        database.ready_schema(FakeDatabase((status,)), migrate=migrate, say=nothing)
    assert raised.value.failure.exit_code is ExitCode.REFUSED
    assert hint in raised.value.failure.hint


def test_a_schema_that_is_still_behind_after_migrating_is_refused() -> None:
    with pytest.raises(KnowctlError):
        database.ready_schema(FakeDatabase((BEHIND, BEHIND)), migrate=True, say=nothing)


def test_a_database_without_revisions_is_told_as_none() -> None:
    with pytest.raises(KnowctlError) as raised:
        database.ready_schema(FakeDatabase((EMPTY,)), migrate=False, say=nothing)
    assert "database none, release 0002" in raised.value.failure.cause
