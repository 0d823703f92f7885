from __future__ import annotations

import pytest

from knowctl.errors import ErrorCode, ExitCode
from knowctl.model.diagnosis import Diagnosis, LockWait, Part, PartStatus
from knowctl.model.health import HealthStatus

OK, SKIPPED, UNKNOWN, DEGRADED, FAILED = PartStatus
WAIT = LockWait(7, 3.0, "topics", "a", "UPDATE", 8, "idle in transaction", "b", "")


def diagnosis(*statuses: PartStatus) -> Diagnosis:
    parts = {
        f"part{number}": Part(status, "fact", f"cause{number}", f"hint{number}")
        for number, status in enumerate(statuses)
    }
    return Diagnosis("sqlite:///x", parts)


@pytest.mark.parametrize(
    ("statuses", "worst"),
    [
        ((OK,), HealthStatus.OK),
        ((OK, SKIPPED), HealthStatus.OK),
        ((OK, UNKNOWN), HealthStatus.DEGRADED),
        ((DEGRADED, OK), HealthStatus.DEGRADED),
        ((DEGRADED, FAILED, UNKNOWN), HealthStatus.FAILED),
    ],
)
def test_the_worst_part_decides(statuses: tuple[PartStatus, ...], worst: HealthStatus) -> None:
    assert diagnosis(*statuses).status is worst
    assert (diagnosis(*statuses).failure is None) is (worst is not HealthStatus.FAILED)


def test_the_first_failed_part_is_the_failure() -> None:
    failure = diagnosis(DEGRADED, FAILED, FAILED).failure
    assert failure is not None
    assert (failure.code, failure.exit_code) == (ErrorCode.UNHEALTHY, ExitCode.FAILED)
    assert (failure.message, failure.cause, failure.hint) == ("part1 failed", "cause1", "hint1")


def test_the_data_is_the_documented_shape() -> None:
    parts = {
        "locks": Part(DEGRADED, "1 waiting", "it holds", "end it", sessions=(WAIT,)),
        "server": Part(OK, "SQLite 3", figures={"version": "SQLite 3"}),
    }
    assert Diagnosis("sqlite:///x", parts).data == {
        "status": "degraded",
        "database": "sqlite:///x",
        "parts": {
            "locks": {
                "status": "degraded",
                "fact": "1 waiting",
                "cause": "it holds",
                "hint": "end it",
                "sessions": (WAIT,),
            },
            "server": {
                "status": "ok",
                "fact": "SQLite 3",
                "cause": "",
                "hint": "",
                "version": "SQLite 3",
            },
        },
    }
