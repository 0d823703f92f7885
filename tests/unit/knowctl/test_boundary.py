from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from knowctl.boundary import fail, guarded
from knowctl.errors import ErrorCode, ExitCode, Failure, KnowctlError

REFUSED = Failure(ErrorCode.REFUSED, "fact", "why", "do", ExitCode.REFUSED)


def raising(error: BaseException) -> int:
    raise error


def test_what_goes_well_is_its_own_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded([], lambda _options: 3) == 3
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("error", "code", "fact"),
    [
        (KeyboardInterrupt(), ExitCode.INTERRUPTED, "interrupted"),
        (ZeroDivisionError("canary"), ExitCode.FAILED, "this is a bug in knowctl"),
        (
            KnowctlError(
                ErrorCode.REFUSED, "fact", cause="c", hint="h", exit_code=ExitCode.REFUSED
            ),
            ExitCode.REFUSED,
            "fact",
        ),
    ],
)
def test_what_goes_wrong_is_three_lines_and_an_exit_code(
    error: BaseException, code: ExitCode, fact: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert guarded([], lambda _options: raising(error)) == code
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"✖ {fact}\n    ")
    assert len(said.err.splitlines()) == 3
    assert "canary" not in said.err


def test_a_failure_is_told_as_the_words_want_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert fail(["health", "-ojson"], REFUSED) == ExitCode.REFUSED
    assert '"code": "refused"' in capsys.readouterr().out


def test_a_traceback_hides_the_secrets_of_the_file_that_was_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "own.env").write_text("GOOGLE_API_KEY=canary\n")

    def run(options: dict[str, Any]) -> int:
        options["env_file"] = tmp_path / "own.env"
        raise ZeroDivisionError("canary")

    guarded(["--debug"], run)
    said = capsys.readouterr().err
    assert "ZeroDivisionError: ********" in said
    assert "canary" not in said.replace('ZeroDivisionError("canary")', "")
