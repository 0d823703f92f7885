from __future__ import annotations

from knowctl.errors import ErrorCode, ExitCode, Failure, KnowctlError


def test_an_error_carries_the_failure_that_is_told() -> None:
    error = KnowctlError(ErrorCode.FILE, "fact", cause="cause", hint="hint")
    assert error.failure == Failure(ErrorCode.FILE, "fact", "cause", "hint", ExitCode.FAILED)
    assert str(error) == "fact"


def test_exit_codes_are_those_that_cli_md_promises() -> None:
    assert {code.name: int(code) for code in ExitCode} == {
        "DONE": 0,
        "FAILED": 1,
        "USAGE": 2,
        "TIMED_OUT": 3,
        "REFUSED": 4,
        "INTERRUPTED": 130,
    }


def test_there_is_no_code_that_nothing_raises() -> None:
    assert "SERVER" not in ErrorCode.__members__
