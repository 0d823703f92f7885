from __future__ import annotations

import sys

import pytest

from knowctl.errors import ErrorCode, ExitCode, Failure, KnowctlError, incomplete


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


@pytest.mark.parametrize(
    ("module", "hint"),
    [
        ("dotenv.main", f"{sys.executable} -m pip install python-dotenv"),
        ("typer", f"{sys.executable} -m pip install typer"),
        ("flask", "knowctl env check"),
    ],
)
def test_a_package_that_is_missing_is_named_with_what_tells_more(module: str, hint: str) -> None:
    failure = incomplete(ModuleNotFoundError(f"No module named {module!r}", name=module))
    assert (failure.code, failure.exit_code) == (ErrorCode.ENVIRONMENT, ExitCode.FAILED)
    assert failure.cause == f"{sys.executable} has no module {module.partition('.')[0]}"
    assert failure.hint == hint
