from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import pytest
import typer
from typer.exceptions import TyperException

from knowctl.choices import EnvironmentName, Output
from knowctl.context import Common, Context
from knowctl.errors import ErrorCode, ExitCode, Failure
from knowctl.model.results import Plan, Step
from knowctl.options import Option
from knowctl.render.voice import VoiceOptions
from knowctl.shell import RelativeCommand, command, group


class Refused:
    """A result that is a failure."""

    failure = Failure(ErrorCode.EXISTS, "f", "c", "h", ExitCode.REFUSED)
    data = None


SEEN: list[tuple[Common, int]] = []


@pytest.fixture
def app() -> Iterator[typer.Typer]:
    """A group with one command that remembers the options it was given."""
    made = group("Test.")

    @made.command()
    @command
    def act(context: Context, number: Annotated[int, Option()] = 1) -> Plan:
        """Act."""
        SEEN.append((context.common, number))
        return Plan((Step("act", str(number)),))

    @made.command()
    @command
    def refuse(_context: Context) -> Refused:
        """Refuse."""
        return Refused()

    SEEN.clear()
    yield made
    SEEN.clear()


def call(app: typer.Typer, *argv: str) -> int:
    code = typer.main.get_command(app).main(list(argv), standalone_mode=False)
    return code if isinstance(code, int) else 0


@pytest.mark.parametrize(
    "argv",
    [
        ["-o", "json", "--env-file", "a.env", "-q", "act", "--number", "3"],
        ["act", "--number", "3", "-qojson", "--env-file=a.env"],
        ["--quiet", "act", "--output=json", "--number", "3", "--env-file", "a.env"],
    ],
)
def test_common_options_are_the_same_before_and_after_the_words(
    app: typer.Typer, argv: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(app, *argv) == 0
    common = Common(Path("a.env"), None, VoiceOptions(Output.JSON, quiet=True))
    assert [(common, 3)] == SEEN
    assert '"detail": "3"' in capsys.readouterr().out


def test_the_innermost_word_wins_and_a_flag_once_given_stays(app: typer.Typer) -> None:
    call(app, "-o", "json", "--debug", "-v", "--no-color", "act", "-o", "text")
    [(common, _)] = SEEN
    assert common.voice == VoiceOptions(Output.TEXT, verbose=True, no_color=True)
    assert not hasattr(common, "debug")  # the error boundary reads it from the words themselves


def test_an_environment_is_one_of_three(app: typer.Typer) -> None:
    call(app, "act", "--environment", "staging")
    assert SEEN[0][0].environment is EnvironmentName.STAGING


def test_the_exit_code_is_that_of_the_results_failure(app: typer.Typer) -> None:
    assert call(app, "-ojson", "refuse") == ExitCode.REFUSED


def test_a_command_keeps_its_name_and_help() -> None:
    def act(context: Context) -> Plan:
        """Act."""
        raise NotImplementedError(context)

    made = command(act)
    assert (made.__name__, made.__doc__) == ("act", "Act.")
    assert next(iter(inspect.signature(made).parameters)) == "ctx"
    assert "context" not in inspect.signature(made).parameters


@pytest.fixture
def steps() -> tuple[typer.Typer, list[tuple[str, int]]]:
    """A command with an argument that may be a number below zero."""
    made, seen = typer.Typer(), list[tuple[str, int]]()

    @made.command(cls=RelativeCommand)
    def go(
        way: Annotated[str, typer.Argument()],
        number: Annotated[int, typer.Option("-n", "--number")] = 0,
    ) -> None:
        seen.append((way, number))

    return made, seen


@pytest.mark.parametrize(
    ("argv", "found"),
    [
        (["-1"], ("-1", 0)),
        (["-12", "-n", "3"], ("-12", 3)),
        (["--number", "3", "-1"], ("-1", 3)),
        (["--", "-1"], ("-1", 0)),
        (["base"], ("base", 0)),
    ],
)
def test_a_step_back_is_no_option(
    steps: tuple[typer.Typer, list[tuple[str, int]]], argv: list[str], found: tuple[str, int]
) -> None:
    made, seen = steps
    call(made, *argv)
    assert seen == [found]


@pytest.mark.parametrize("argv", [["-1", "-x"], ["--nonsense", "-1"], []])
def test_what_is_no_option_stays_wrong_usage_beside_a_step_back(
    steps: tuple[typer.Typer, list[tuple[str, int]]], argv: list[str]
) -> None:
    with pytest.raises(TyperException):
        call(steps[0], *argv)
