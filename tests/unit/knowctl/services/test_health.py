from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from knowctl.errors import ErrorCode, ExitCode, KnowctlError
from knowctl.model.database import SchemaStatus
from knowctl.model.health import Component, Health, HealthStatus
from knowctl.model.live import Silent, Workers
from knowctl.model.live_check import RedisFacts
from knowctl.model.machine import HostFacts, MachineFacts, Place
from knowctl.probes import answers
from knowctl.services import health
from knowctl.services.health import Parts
from tests.support import fake_server
from tests.support.live_checking import MIB, REDIS, host_facts
from tests.unit.knowctl.conftest import FakeDatabase, HandClock

OK, DEGRADED, FAILED = HealthStatus.OK, HealthStatus.DEGRADED, HealthStatus.FAILED
GOOD = Health({"server": Component(OK)})
BAD = Health({"server": Component(FAILED, None, "cause", "hint"), "database": Component(OK)})


@dataclass(frozen=True)
class FakeAnswer:
    status: int
    body: dict[str, Any]
    latency_ms: float = 2.0


@dataclass(frozen=True)
class FakeServer:
    answer: FakeAnswer | None = None
    url: str = "http://x"

    def ask(self, path: str) -> FakeAnswer:
        assert path == "/ready"
        if self.answer is None:
            raise ConnectionError("Connection refused")
        return self.answer


@dataclass(frozen=True)
class FakeRedis:
    """A Redis that is there, is not configured, or is away."""

    known: RedisFacts | None = None
    away: bool = False

    def facts(self) -> RedisFacts | None:
        if self.away:
            raise AWAY
        return self.known


@dataclass(frozen=True)
class FakeMachine:
    places: tuple[Place, ...] = ()

    def facts(self) -> HostFacts:
        return host_facts(machine=MachineFacts(None, (), self.places))


@dataclass(frozen=True)
class FakeAi:
    """An AI that answers after so long, that nobody has to ask, or that is away."""

    latency: float | None = 30.0
    away: bool = False

    def describe(self) -> float | None:
        if self.away:
            raise AWAY
        return self.latency


@dataclass(frozen=True)
class FakeLive:
    """A server whose workers say this of their breakers."""

    states: tuple[str, ...] = ()

    def workers(self) -> Workers:
        told = [
            answers.worker(fake_server.state(pid, ai=calls(state)))
            for pid, state in enumerate(self.states, 4301)
        ]
        return Workers(tuple(told), (Silent(4300, 3, "no answer"),))


AWAY = KnowctlError(ErrorCode.REDIS, "fact", cause="it is away", hint="bring it back")
GONE = Component(FAILED, None, "it is away", "bring it back")


def calls(state: str) -> dict[str, Any]:
    return {"name": "gemini", "busy": 0, "total": 12, "state": state, "why": "timeout"}


def never() -> Any:
    raise AssertionError("it was asked")


def unusable() -> Any:
    raise KnowctlError(ErrorCode.CONFIGURATION, "fact", cause="PORT: x", hint="set PORT")


def no_server() -> FakeLive:
    raise KnowctlError(ErrorCode.NO_SERVER, "no server", cause="none", hint="knowctl serve")


def several() -> FakeLive:
    raise KnowctlError(ErrorCode.USAGE, "several servers", cause="two", hint="name one")


NEVER = Parts(never, never, never, never, never)
PARTS = Parts(FakeDatabase, FakeRedis, FakeMachine, FakeAi, no_server)


def said(status: int, body: dict[str, Any]) -> dict[str, Component]:
    return dict(health.of_server(FakeServer(FakeAnswer(status, body)), NEVER).components)


def part(name: str, **given: Any) -> Component:
    """That part alone, as it is asked by name."""
    given = {"live": no_server, **given}
    found = health.of_parts(replace(NEVER, **given), (name,)).components
    assert set(found) == {name}
    return found[name]


def test_a_ready_server_is_healthy_and_its_parts_are_shown() -> None:
    parts = said(200, {"ready": True, "checks": {"database": "ok"}})
    assert parts == {"server": Component(OK, 2.0), "database": Component(OK)}


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("database", "knowctl health --direct shows the cause"),
        ("schema", "knowctl db current"),
        ("disk", "the server's log tells why"),
    ],
)
def test_a_failed_part_is_not_the_servers_fault(name: str, hint: str) -> None:
    parts = said(503, {"ready": False, "checks": {name: "failed"}})
    assert parts["server"].status is OK
    assert parts[name] == Component(FAILED, None, f"the server reports {name} failed", hint)


def test_a_drain_is_said_to_be_one_and_how_it_ends() -> None:
    drain = said(503, {"ready": False, "checks": {"drain": "failed"}})["drain"]
    assert drain.cause.startswith("/ready says no on purpose")
    assert drain.hint.startswith("knowctl drain --off")


def test_a_degraded_part_is_a_warning_with_a_hint_of_its_own() -> None:
    parts = said(200, {"ready": True, "checks": {"redis": "degraded"}})
    assert parts["redis"].status is DEGRADED
    assert parts["redis"].hint == "knowctl cache stats shows the cause"
    assert Health(parts).failure is None


def test_a_status_that_nobody_knows_is_a_failure() -> None:
    assert said(503, {"ready": False, "checks": {"database": 7}})["database"].status is FAILED


@pytest.mark.parametrize("checks", [{}, {"database": "ok"}, None, "all well"])
def test_a_server_that_is_not_ready_is_not_healthy_though_its_parts_are(checks: object) -> None:
    parts = said(503, {"ready": False, "checks": checks})
    assert parts["server"].status is FAILED
    assert "drains" in parts["server"].cause


@pytest.mark.parametrize(
    ("status", "body"), [(200, {}), (503, {"error": "x"}), (404, {"ready": True}), (301, {})]
)
def test_another_program_is_told_from_ours(status: int, body: dict[str, Any]) -> None:
    server = said(status, body)["server"]
    assert server.status is FAILED
    assert str(status) in server.cause
    assert "--url" in server.hint


def test_where_no_server_answers_its_parts_are_asked() -> None:
    found = health.of_server(FakeServer(), PARTS)
    assert found.components == {
        "server": Component(
            FAILED, None, "nothing answers at http://x: Connection refused", "knowctl serve"
        ),
        "database": Component(OK, 1.5),
        "schema": Component(OK),
        "disk": Component(OK),
    }


def test_where_no_server_answers_the_named_parts_alone_are_asked() -> None:
    parts = replace(NEVER, database=FakeDatabase)
    found = health.of_server(FakeServer(), parts, ("database",)).components
    assert set(found) == {"server", "database", "schema"}
    assert set(health.of_server(FakeServer(), NEVER, ("server",)).components) == {"server"}


def test_a_named_part_that_the_server_does_not_tell_of_is_asked_itself() -> None:
    server = FakeServer(FakeAnswer(200, {"ready": True, "checks": {"database": "ok"}}))
    parts = replace(NEVER, machine=FakeMachine)
    found = health.of_server(server, parts, ("database", "disk"))
    assert found.components == {
        "server": Component(OK, 2.0),
        "database": Component(OK),
        "disk": Component(OK),
    }
    assert "disk" not in health.of_server(server, None, ("disk",)).components


def test_a_server_elsewhere_that_is_silent_is_the_only_part() -> None:
    cause, hint = "nothing answers at http://x: Connection refused", "check --url, and the network"
    [(name, part)] = health.of_server(FakeServer(), None).components.items()
    assert (name, part.status, part.cause) == ("server", FAILED, cause)
    assert part.hint.startswith(hint)


def test_a_silent_database_failed_with_its_cause() -> None:
    assert part("database", database=lambda: FakeDatabase(silent=1)) == Component(
        FAILED, None, "refused", "start it"
    )


def test_settings_that_can_not_be_used_are_a_failed_part() -> None:
    assert part("database", database=unusable).cause == "PORT: x"


@pytest.mark.parametrize("status", SchemaStatus)
def test_a_schema_that_no_server_may_run_on_failed(status: SchemaStatus) -> None:
    asked = replace(NEVER, database=lambda: FakeDatabase((status,)))
    found = health.of_parts(asked, ("schema",)).components["schema"]
    serves = status in {SchemaStatus.OK, SchemaStatus.AHEAD}
    assert found.status is (OK if serves else FAILED)
    pending = status in {SchemaStatus.EMPTY, SchemaStatus.BEHIND}
    assert found.hint == ("" if serves else f"knowctl db {'upgrade' if pending else 'current'}")
    assert "_" not in found.cause


def test_a_redis_that_nobody_configured_is_no_part_unless_it_is_asked_for() -> None:
    assert set(health.of_parts(PARTS).components) == {"database", "schema", "disk"}
    assert part("redis", redis=FakeRedis) == health.NO_REDIS
    assert health.NO_REDIS.status is FAILED


def test_a_redis_that_is_configured_is_a_part() -> None:
    found = health.of_parts(replace(PARTS, redis=lambda: FakeRedis(REDIS)))
    assert found.components["redis"] == Component(OK)
    assert part("redis", redis=lambda: FakeRedis(away=True)) == replace(GONE, status=DEGRADED)


def test_settings_that_can_not_be_used_are_no_degraded_redis() -> None:
    assert part("redis", redis=unusable).status is FAILED


@pytest.mark.parametrize(
    ("place", "status", "cause"),
    [
        (Place("/srv", "LOG_FILE", free=50 * MIB, size=100 * MIB), DEGRADED, "50 MiB left"),
        (Place("/srv", "LOG_FILE", "Read-only file system"), FAILED, "/srv: Read-only"),
        (Place("/srv", "LOG_FILE", "No space left", size=100 * MIB), FAILED, "No space left"),
        (Place("/srv", "LOG_FILE", free=900 * MIB, size=1000 * MIB), OK, ""),
    ],
)
def test_a_full_disk_degrades_and_one_that_takes_nothing_failed(
    place: Place, status: HealthStatus, cause: str
) -> None:
    found = part("disk", machine=lambda: FakeMachine((place,)))
    assert found.status is status
    assert cause in found.cause


def test_an_ai_is_asked_by_name_alone_and_says_how_long_it_took() -> None:
    assert part("ai", ai=FakeAi) == Component(OK, 30.0)
    assert part("ai", ai=lambda: FakeAi(away=True)) == GONE
    offline = part("ai", ai=lambda: FakeAi(None))
    assert (offline.status, offline.latency_ms) == (OK, None)
    assert "offline provider" in offline.cause


def test_workers_that_can_not_be_asked_are_not_said_to_ask_the_ai() -> None:
    found = part("ai", ai=FakeAi, live=several)
    assert (found.status, found.latency_ms, found.hint) == (DEGRADED, 30.0, "name one")
    assert found.cause == "it answers; whether workers ask it nobody tells: several servers"


@pytest.mark.parametrize(
    ("states", "status", "cause"),
    [
        (("closed", "closed"), OK, ""),
        (("closed", "half_open"), OK, ""),
        (("open", "closed", "open"), DEGRADED, "2 of 3 workers do not ask it for a while: timeout"),
    ],
)
def test_an_ai_that_answers_is_degraded_where_workers_do_not_ask_it(
    states: tuple[str, ...], status: HealthStatus, cause: str
) -> None:
    parts = replace(NEVER, ai=FakeAi, live=lambda: FakeLive(states))
    found = health.of_parts(parts, ("ai",)).components["ai"]
    assert (found.status, found.latency_ms, found.cause) == (status, 30.0, cause)


def waited(answers: Iterator[Health], seconds: float) -> tuple[Health, HandClock]:
    clock = HandClock()
    return health.wait(lambda: next(answers), seconds, clock.clock), clock


def test_without_waiting_it_is_asked_once() -> None:
    found, clock = waited(iter([BAD]), 0)
    assert found is BAD
    assert clock.slept == []


def test_waiting_ends_with_health() -> None:
    found, clock = waited(iter([BAD, BAD, GOOD]), 30)
    assert found is GOOD
    assert clock.slept == [0.5, 0.5]


def test_waiting_in_vain_ends_in_time_and_says_so() -> None:
    found, clock = waited(iter([BAD] * 99), 2)
    assert found.failure is not None
    assert found.failure.exit_code is ExitCode.TIMED_OUT
    assert "after 2 s" in found.failure.message
    assert sum(clock.slept) == 2


def test_the_named_parts_are_judged_alone() -> None:
    assert health.only(BAD, ("database",)) == Health({"database": Component(OK)})
    assert health.only(BAD, ()) is BAD


def test_a_part_that_nobody_reported_is_never_healthy() -> None:
    found = health.only(GOOD, ("rediss",))
    assert found.failure is not None
    assert "'rediss'" in found.failure.cause
    assert "server, database, schema, redis, disk, ai" in found.failure.cause


@pytest.mark.parametrize("name", ["database", "drain", "disk"])
def test_a_server_that_failed_is_why_nobody_knows_its_parts(name: str) -> None:
    silent = health.of_server(FakeServer(), None, (name,))
    assert health.only(silent, (name,)).components == {name: silent.components["server"]}


def test_a_part_of_a_server_elsewhere_that_it_does_not_tell_of_is_asked_there() -> None:
    server = FakeServer(FakeAnswer(200, {"ready": True, "checks": {"database": "ok"}}))
    found = health.only(health.of_server(server, None, ("disk",)), ("disk",)).components["disk"]
    assert (found.status, found.hint) == (
        FAILED,
        "knowctl health --direct --only disk, on its machine",
    )


def test_the_schema_of_a_silent_database_failed_with_the_databases_cause() -> None:
    parts = replace(NEVER, database=lambda: FakeDatabase(silent=1))
    found = health.of_parts(parts, ("schema",)).components["schema"]
    assert (found.status, found.cause) == (FAILED, "refused")
