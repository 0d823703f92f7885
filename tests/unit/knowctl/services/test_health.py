from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from knowctl.errors import ErrorCode, ExitCode, KnowctlError
from knowctl.model.database import SchemaStatus
from knowctl.model.health import Component, Health, HealthStatus
from knowctl.services import health
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


def never() -> FakeDatabase:
    raise AssertionError("the database was asked")


def said(status: int, body: dict[str, Any]) -> dict[str, Component]:
    return dict(health.of_server(FakeServer(FakeAnswer(status, body)), never).components)


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
    found = health.of_server(FakeServer(), FakeDatabase)
    assert found.components == {
        "server": Component(
            FAILED, None, "nothing answers at http://x: Connection refused", "knowctl serve"
        ),
        "database": Component(OK, 1.5),
        "schema": Component(OK),
    }


def test_a_server_elsewhere_that_is_silent_is_the_only_part() -> None:
    cause, hint = "nothing answers at http://x: Connection refused", "check --url, and the network"
    [(name, part)] = health.of_server(FakeServer(), None).components.items()
    assert (name, part.status, part.cause) == ("server", FAILED, cause)
    assert part.hint.startswith(hint)


def test_a_silent_database_failed_with_its_cause() -> None:
    found = health.of_parts(lambda: FakeDatabase(silent=1))
    assert found.components == {"database": Component(FAILED, None, "refused", "start it")}


def test_settings_that_can_not_be_used_are_a_failed_part() -> None:
    def broken() -> FakeDatabase:
        raise KnowctlError(ErrorCode.CONFIGURATION, "fact", cause="PORT: x", hint="set PORT")

    assert health.of_parts(broken).components["database"].cause == "PORT: x"


@pytest.mark.parametrize("status", SchemaStatus)
def test_a_schema_that_no_server_may_run_on_failed(status: SchemaStatus) -> None:
    part = health.of_parts(lambda: FakeDatabase((status,))).components["schema"]
    serves = status in {SchemaStatus.OK, SchemaStatus.AHEAD}
    assert part.status is (OK if serves else FAILED)
    pending = status in {SchemaStatus.EMPTY, SchemaStatus.BEHIND}
    assert part.hint == ("" if serves else f"knowctl db {'upgrade' if pending else 'current'}")
    assert "_" not in part.cause


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
    found = health.only(BAD, ("redis",))
    assert found.failure is not None
    assert "'redis'" in found.failure.cause
    assert "server, database" in found.failure.cause
