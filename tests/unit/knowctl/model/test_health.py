from __future__ import annotations

import pytest

from knowctl.errors import ErrorCode, ExitCode
from knowctl.model.health import Component, Health, HealthStatus

OK = Component(HealthStatus.OK)
DEGRADED = Component(HealthStatus.DEGRADED, None, "slow", "wait")
FAILED = Component(HealthStatus.FAILED, None, "refused", "start it")


@pytest.mark.parametrize(
    ("parts", "status"),
    [
        ({"a": OK}, HealthStatus.OK),
        ({"a": OK, "b": DEGRADED}, HealthStatus.DEGRADED),
        ({"a": FAILED, "b": DEGRADED}, HealthStatus.FAILED),
    ],
)
def test_the_worst_part_is_the_health_of_all(
    parts: dict[str, Component], status: HealthStatus
) -> None:
    health = Health(parts)
    assert health.status is status
    assert health.data == {"status": status, "components": parts}


def test_only_a_failed_part_is_a_failure() -> None:
    assert Health({"a": OK, "b": DEGRADED}).failure is None
    failure = Health({"a": DEGRADED, "b": FAILED}).failure
    assert failure is not None
    assert (failure.code, failure.exit_code) == (ErrorCode.UNHEALTHY, ExitCode.FAILED)
    assert (failure.message, failure.cause, failure.hint) == ("b failed", "refused", "start it")


def test_waiting_in_vain_has_an_exit_code_of_its_own() -> None:
    failure = Health({"b": FAILED}, timed_out_after=30.0).failure
    assert failure is not None
    assert (failure.code, failure.exit_code) == (ErrorCode.TIMED_OUT, ExitCode.TIMED_OUT)
    assert failure.message == "b still failed after 30 s"
