from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowctl.choices import Output
from knowctl.cli import COMMANDS, main
from knowctl.context import Common, Context
from knowctl.errors import ErrorCode, ExitCode, KnowctlError
from knowctl.model.results import Plan
from knowctl.options import COMMON, Option, own_options
from knowctl.plain import ALONE, COMPLETION, attempt, read, spellings
from knowctl.render.voice import VoiceOptions

Told = tuple[Common, dict[str, Any]]
TOLD: list[Told] = []
FAILS: list[BaseException] = []


def stop(
    context: Context,
    word: Annotated[str, Option(metavar="WORD")] = "",
    seconds: Annotated[float, Option("--for", min=0, max=60)] = 1.5,
    worker_pid: Annotated[int | None, Option(min=1)] = None,
    hurry: Annotated[bool, Option("--hurry")] = False,
) -> Plan:
    """Remember what it was given."""
    TOLD.append((context.common, {"word": word, "for": seconds, "pid": worker_pid, "hurry": hurry}))
    if FAILS:
        raise FAILS[0]
    return Plan(())


@pytest.fixture(autouse=True)
def _a_command_that_remembers(monkeypatch: pytest.MonkeyPatch) -> None:
    """`knowctl stop` is the function above, for typer and for plain lines alike."""
    module = ModuleType("knowctl.commands.stop")
    vars(module)["stop"] = stop
    monkeypatch.setitem(sys.modules, "knowctl.commands.stop", module)
    TOLD.clear()
    FAILS.clear()


def told(*argv: str) -> Told | None:
    """What a plain line gives its command, None where it is not plain."""
    TOLD.clear()
    code = attempt(["stop", *argv], {})
    return TOLD[0] if code == 0 else None


def test_what_is_not_said_has_its_default() -> None:
    assert told() == (Common(), {"word": "", "for": 1.5, "pid": None, "hurry": False})


def test_options_are_read_with_a_blank_or_an_equals_sign_and_the_last_wins() -> None:
    assert told("--word", "a", "--for=2", "--worker-pid", "7", "--hurry", "--word=b=c") == (
        Common(),
        {"word": "b=c", "for": 2.0, "pid": 7, "hurry": True},
    )


def test_common_options_are_read_by_each_of_their_names() -> None:
    common, _ = told("-o", "json", "--env-file", "a.env", "-q", "--no-color") or (None, None)
    assert common == Common(Path("a.env"), None, VoiceOptions(Output.JSON, True, False, True))  # noqa: FBT003 -- as the fields stand


@pytest.mark.parametrize(
    "argv",
    [
        ["--help"],
        ["--wrod", "a"],
        ["word"],
        ["--word"],
        ["--word", ""],
        ["--word="],
        ["--word", "--hurry"],
        ["--hurry=yes"],
        ["--hurr"],
        ["--for", "soon"],
        ["--for", "61"],
        ["--for", "nan"],
        ["--worker-pid", "0"],
        ["--worker-pid", "1.5"],
        ["-ojson"],
        ["-o=json"],
        ["-o", "JSON"],
        ["-qv"],
        ["--"],
        ["--debug", "-"],
    ],
)
def test_all_else_is_left_to_typer(argv: list[str]) -> None:
    assert attempt(["stop", *argv], {}) is None
    assert TOLD == []


@pytest.mark.parametrize("argv", [[], ["--version"], ["config", "check"], ["-q", "stop"], ["stpo"]])
def test_no_other_command_is_plain(argv: list[str]) -> None:
    assert attempt(argv, {}) is None


def test_a_shell_that_completes_is_answered_by_typer() -> None:
    assert attempt(["stop"], {COMPLETION: "complete_bash"}) is None


def test_what_goes_wrong_is_told_as_ever(capsys: pytest.CaptureFixture[str]) -> None:
    FAILS.append(
        KnowctlError(ErrorCode.REFUSED, "no", cause="why", hint="do", exit_code=ExitCode.REFUSED)
    )
    assert attempt(["stop"], {}) == ExitCode.REFUSED
    assert capsys.readouterr().err == "✖ no\n    why\n    → do\n"


@pytest.mark.parametrize("name", ALONE)
def test_every_command_that_is_alone_has_options_that_can_be_read_plainly(name: str) -> None:
    assert name in COMMANDS
    function = getattr(import_module(f"knowctl.commands.{name}"), name)
    known = spellings({**own_options(function), **COMMON})
    assert read(["--quiet", "--environment=staging", "-o", "json"], known) == {
        "quiet": True,
        "environment": "staging",
        "output": "json",
    }
    assert {each.parameter for each in known.values()} == {*own_options(function), *COMMON}


WORDS = st.sampled_from(
    [
        *("--word", "--for", "--worker-pid", "--hurry", "-o", "--output", "-q", "-v", "--debug"),
        *("--env-file", "--environment", "--no-color", "--word=a", "--for=2", "--output=json"),
        *("staging", "json", "a", "a.env", "1", "1.5", "60", "1_0", " 7 ", "1e1", "inf", "-1"),
        *("", "--", "-qv", "-ojson", "é✔", "\udcff", "+3", "\u0663", "0x1"),
    ]
)


def as_typer_reads(argv: Sequence[str]) -> Told | None:
    TOLD.clear()
    code = main(["stop", *argv])
    return TOLD[0] if code == 0 else None


@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(WORDS, max_size=6))
def test_what_is_plain_means_what_typer_makes_of_it(argv: list[str]) -> None:
    plain = told(*argv)
    assert plain is None or plain == as_typer_reads(argv)
