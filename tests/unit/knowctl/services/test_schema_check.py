from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from knowctl.checks.selection import Selection
from knowctl.choices import Severity
from knowctl.errors import ErrorCode, ExitCode, KnowctlError
from knowctl.model.database import Complaint, Drift, Lint, SchemaStatus, Unlinted
from knowctl.model.findings import Outcome
from knowctl.services import schema_check
from knowctl.services.schema_check import Ports
from tests.unit.knowctl.conftest import FakeDatabase, HandClock, Talked

EMPTY, BEHIND, OK = SchemaStatus.EMPTY, SchemaStatus.BEHIND, SchemaStatus.OK
HARM = Complaint("0002", "ban-drop-table", "Dropping a table")


@dataclass
class Compared:
    """What the migrations tell, and how often they were asked."""

    postgresql: bool = True
    found: Drift = field(default_factory=Drift)
    away: bool = False
    asked: list[str] = field(default_factory=list)

    def pending_sql(self, current: tuple[str, ...]) -> Mapping[str, str]:
        self.asked.append("pending")
        return {"0002": f"-- from {current}"}

    def drift(self) -> Drift:
        self.asked.append("drift")
        if self.away:
            raise KnowctlError(ErrorCode.DATABASE, "gone", cause="it went away", hint="try again")
        return self.found


@dataclass
class FakeLinter:
    """Says the same of all that it reads."""

    says: Lint = ()
    read: list[Mapping[str, str]] = field(default_factory=list)

    def lint(self, pending: Mapping[str, str]) -> Lint:
        self.read.append(pending)
        return self.says


def ports(
    database: FakeDatabase, compared: Compared | None = None, linter: FakeLinter | None = None
) -> tuple[Ports, HandClock, Talked]:
    clock, talk = HandClock(), Talked()
    made = Ports(database, compared or Compared(), linter or FakeLinter(), clock.clock, talk)
    return made, clock, talk


def outcomes(given: Ports, selection: Selection | None = None, wait: float = 0) -> dict[str, str]:
    report = schema_check.check(given, selection or Selection(), wait)
    return {each.id: each.outcome.value for each in report.findings}


def test_a_schema_at_the_head_is_compared_and_nothing_is_linted() -> None:
    compared, linter = Compared(), FakeLinter()
    given, *_ = ports(FakeDatabase((OK,)), compared, linter)
    assert set(outcomes(given).values()) == {"pass"}
    assert (compared.asked, linter.read) == (["drift"], [])
    assert schema_check.check(given, Selection()).failure is None


def test_drift_is_an_error_where_something_is_missing_and_a_warning_where_more_is_there() -> None:
    given, *_ = ports(FakeDatabase((OK,)), Compared(found=Drift(("table a",), ("table b",))))
    report = schema_check.check(given, Selection())
    assert [each.id for each in report.failing] == ["KC315"]
    report = schema_check.check(given, Selection(Severity.WARNING))
    assert [each.id for each in report.failing] == ["KC315", "KC316"]


def test_a_database_that_goes_away_meanwhile_leaves_the_drift_unknown() -> None:
    given, *_ = ports(FakeDatabase((OK,)), Compared(away=True))
    found = outcomes(given)
    assert (found["KC310"], found["KC315"], found["KC316"]) == ("pass", "unknown", "unknown")


def test_pending_migrations_are_linted_and_nothing_is_compared() -> None:
    compared, linter = Compared(), FakeLinter((HARM,))
    given, *_ = ports(FakeDatabase((BEHIND,)), compared, linter)
    found = outcomes(given)
    assert (found["KC313"], found["KC315"], found["KC317"]) == ("fail", "skipped", "fail")
    assert compared.asked == ["pending"]
    assert linter.read == [{"0002": "-- from ('0001',)"}]


@pytest.mark.parametrize("postgresql", [True, False])
def test_what_can_not_be_linted_is_skipped_with_the_reason(*, postgresql: bool) -> None:
    linter = FakeLinter(Unlinted("squawk is not installed", "install it"))
    given, *_ = ports(FakeDatabase((BEHIND,)), Compared(postgresql=postgresql), linter)
    report = schema_check.check(given, Selection(select=("KC317",)))
    (found,) = report.findings
    assert found.outcome is Outcome.SKIPPED
    assert found.cause == linter.says.cause if postgresql else "PostgreSQL" in found.cause  # type: ignore[union-attr]  # it was just made
    assert len(linter.read) == postgresql


def test_an_empty_database_has_nobody_to_be_blocked() -> None:
    linter = FakeLinter((HARM,))
    given, *_ = ports(FakeDatabase((EMPTY,)), Compared(), linter)
    assert outcomes(given)["KC317"] == "pass"
    assert linter.read == []


def test_a_database_that_does_not_answer_is_one_failure_and_the_rest_skipped() -> None:
    given, *_ = ports(FakeDatabase(silent=99))
    found = outcomes(given)
    assert found.pop("KC310") == "fail"
    assert set(found.values()) == {"skipped"}


def test_a_selection_brings_what_kept_it_from_judging() -> None:
    given, *_ = ports(FakeDatabase(silent=99))
    assert outcomes(given, Selection(select=("kc315",))) == {"KC310": "fail", "KC315": "skipped"}


def test_an_unknown_id_is_refused_before_the_database_is_asked() -> None:
    database = FakeDatabase()
    with pytest.raises(KnowctlError) as raised:
        schema_check.check(ports(database)[0], Selection(ignore=("KC101",)))
    assert raised.value.failure.exit_code is ExitCode.USAGE
    assert database.pings == 0


def test_waiting_ends_when_nothing_is_pending_and_says_each_reason_once() -> None:
    database = FakeDatabase((EMPTY, BEHIND, BEHIND, OK), silent=2, by_itself=True)
    given, clock, talk = ports(database)
    assert set(outcomes(given, wait=30).values()) == {"pass"}
    assert clock.slept == [0.2, 0.4, 0.8, 1.6, 2.0]
    assert [detail for _, detail in talk.begun] == [
        "waiting up to 30 s: refused",
        "waiting up to 30 s: the schema is empty",
        "waiting up to 30 s: the schema is behind",
    ]


@pytest.mark.parametrize(
    "status", [OK, SchemaStatus.AHEAD, SchemaStatus.DIVERGED, SchemaStatus.SEVERAL_HEADS]
)
def test_what_waiting_does_not_change_is_not_waited_for(status: SchemaStatus) -> None:
    given, clock, _ = ports(FakeDatabase((status,)))
    schema_check.check(given, Selection(), 30)
    assert clock.slept == []


@pytest.mark.parametrize("database", [FakeDatabase((BEHIND,)), FakeDatabase(silent=99)])
def test_waiting_in_vain_is_exit_code_3(database: FakeDatabase) -> None:
    given, clock, _ = ports(database)
    failure = schema_check.check(given, Selection(), 3).failure
    assert failure is not None
    assert (failure.code, failure.exit_code) == (ErrorCode.TIMED_OUT, ExitCode.TIMED_OUT)
    assert failure.message.endswith("bar the database after 3 s")
    assert clock.at <= 3
