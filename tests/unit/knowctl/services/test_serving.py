from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowctl.checks.catalog import CONFIGURATION
from knowctl.errors import ErrorCode, ExitCode, Failure, KnowctlError
from knowctl.model.configuration import ConfigurationFacts
from knowctl.model.database import SchemaStatus
from knowctl.model.results import Step
from knowctl.model.serving import Serving
from knowctl.services.serving import Order, Ports, bind_to, plan, serve
from tests.unit.knowctl.conftest import FakeDatabase, HandClock, Talked, a_serving

FactsOf = Callable[..., ConfigurationFacts]


@dataclass(frozen=True)
class Configured:
    known: ConfigurationFacts
    development: bool = True

    def facts(self) -> ConfigurationFacts:
        return self.known

    def serving(self) -> Serving:
        return a_serving(development=self.development)


@dataclass
class FakeRunner:
    bound: list[str] = field(default_factory=list)
    taken: bool = False
    ran: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def bind(self, serving: Serving) -> None:
        if self.taken:
            raise KnowctlError(ErrorCode.ADDRESS, "taken", cause="cause", hint="hint")
        self.bound.append(serving.url)

    def run(self, serving: Serving) -> None:
        self.ran.append(serving.server)

    def fail(self, failure: Failure) -> None:
        self.failures.append(failure.message)


@dataclass
class Stage:
    """All that a server needs, each part to be spoilt by a test."""

    configured: Configured
    database: FakeDatabase = field(default_factory=FakeDatabase)
    runner: FakeRunner = field(default_factory=FakeRunner)
    clock: HandClock = field(default_factory=HandClock)
    talk: Talked = field(default_factory=Talked)

    @property
    def ports(self) -> Ports:
        return Ports(
            self.configured, lambda: self.database, self.runner, self.clock.clock, self.talk
        )


@pytest.fixture
def stage(facts_of: FactsOf) -> Stage:
    return Stage(Configured(facts_of()))


def refused(stage: Stage, order: Order | None = None) -> KnowctlError:
    with pytest.raises(KnowctlError) as raised:
        serve(stage.ports, order or Order())
    assert stage.runner.failures == [raised.value.failure.message]
    assert stage.runner.ran == []
    return raised.value


def test_a_server_is_checked_waited_for_bound_and_run_in_this_order(stage: Stage) -> None:
    serve(stage.ports, Order())
    assert stage.talk.steps == [
        ("configuration", f"{len(CONFIGURATION)} checks, no error"),
        ("database", "sqlite:///x, schema ok"),
        ("address", "http://127.0.0.1:5000"),
    ]
    assert stage.runner.ran == ["gunicorn"]
    assert stage.runner.bound == ["http://127.0.0.1:5000"]


def test_an_error_in_the_configuration_stops_the_start(stage: Stage, facts_of: FactsOf) -> None:
    stage.configured = Configured(facts_of(HOST="0.0.0.0", DATABSE_URL="x"))
    failure = refused(stage).failure
    assert failure.code is ErrorCode.FINDINGS
    assert failure.cause.startswith("KC110: ")
    assert "more" not in failure.cause
    assert failure.hint == "mend it, then: knowctl config check"
    assert [each.id for each in stage.talk.findings] == ["KC105", "KC110"]
    assert stage.database.pings == 0
    assert stage.runner.bound == []


def test_a_warning_is_said_and_does_not_stop_the_start(stage: Stage, facts_of: FactsOf) -> None:
    stage.configured = Configured(facts_of(DATABSE_URL="x"))
    serve(stage.ports, Order())
    assert [each.id for each in stage.talk.findings] == ["KC105"]


def test_checks_can_be_skipped(stage: Stage, facts_of: FactsOf) -> None:
    stage.configured = Configured(facts_of(HOST="0.0.0.0"))
    serve(stage.ports, Order(skip_checks=True))
    assert "configuration" not in dict(stage.talk.steps)


def test_a_silent_database_stops_the_start_in_time_and_binds_nothing(stage: Stage) -> None:
    stage.database = FakeDatabase(silent=999)
    assert refused(stage, Order(wait_for_db=5)).failure.exit_code is ExitCode.TIMED_OUT
    assert stage.clock.at <= 5
    assert [name for name, _ in stage.talk.begun] == ["database"], "nothing of it is done"
    assert stage.runner.bound == []


def test_a_taken_address_stops_the_start(stage: Stage) -> None:
    stage.runner.taken = True
    assert refused(stage).failure.code is ErrorCode.ADDRESS
    assert "address" not in dict(stage.talk.steps)


@pytest.mark.parametrize(
    ("development", "migrate", "migrates"),
    [
        (True, None, True),
        (False, None, False),
        (True, False, False),
        (False, True, True),
    ],
)
def test_migrations_are_applied_in_development_or_when_asked_for(
    stage: Stage, *, development: bool, migrate: bool | None, migrates: bool
) -> None:
    stage.configured = Configured(stage.configured.known, development)
    stage.database = FakeDatabase((SchemaStatus.EMPTY, SchemaStatus.OK))
    order = Order(migrate)
    words = plan(stage.ports, order).steps[1].detail
    assert ("apply pending migrations" in words) is migrates
    if migrates:
        serve(stage.ports, order)
    else:
        assert refused(stage, order).failure.exit_code is ExitCode.REFUSED
        assert stage.runner.bound == []
    assert bool(stage.database.waits) is migrates


def test_a_plan_asks_and_changes_nothing(stage: Stage) -> None:
    steps = plan(stage.ports, Order(wait_for_db=2.5, skip_checks=True)).steps
    assert steps == (
        Step("check", "skipped"),
        Step("database", "wait up to 2.5 s, apply pending migrations"),
        Step("bind", "http://127.0.0.1:5000"),
        Step("run", "gunicorn, 2 workers x 24 threads"),
    )
    assert plan(stage.ports, Order()).steps[0] == Step(
        "check", "configuration; errors stop the start"
    )
    assert (stage.database.pings, stage.runner.bound, stage.talk.steps) == (0, [], [])


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (None, (None, None)),
        ("127.0.0.1:8000", ("127.0.0.1", "8000")),
        ("[::]:8000", ("[::]", "8000")),
        (":8000", (None, "8000")),
        ("localhost:", ("localhost", None)),
        ("unix:/run/x:1.sock", ("unix:/run/x:1.sock", None)),
    ],
)
def test_an_address_is_taken_apart(text: str | None, place: tuple[str | None, str | None]) -> None:
    assert bind_to(text) == place


@pytest.mark.parametrize("text", ["", "8000", "localhost", "x" * 1000, "[::1]", "[::", "[::1]x:80"])
def test_an_address_without_a_port_of_its_own_is_wrong_usage(text: str) -> None:
    with pytest.raises(KnowctlError) as raised:
        bind_to(text)
    failure = raised.value.failure
    assert (failure.code, failure.exit_code) == (ErrorCode.USAGE, ExitCode.USAGE)
    assert len(failure.message) < 100


@given(st.text() | st.text("[]:1"))
def test_no_address_is_worse_than_wrong_usage(text: str) -> None:
    if ":" not in text or re.fullmatch(r"\[.*[^\]]:[^:]*|\[:[^:]*", text, re.DOTALL):
        with pytest.raises(KnowctlError, match="--bind"):
            bind_to(text)
        return
    host, port = bind_to(text)
    assert host != ""
    assert port != ""
