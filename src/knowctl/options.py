"""Options as data: those every command has, and how a command is carried out with its own."""

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

from knowctl.choices import EnvironmentName, Output, ServerName, Severity

if TYPE_CHECKING:
    from knowctl.context import Common
    from knowctl.model.results import Result

PANEL = "Options of every command"


class Option:
    """How an option is spelt and what it takes, in typer's words and without typer."""

    def __init__(self, *names: str, **words: Any) -> None:
        self.names = names
        self.words: Mapping[str, Any] = words


Server = Annotated[
    ServerName | None,
    Option("--server", metavar="NAME", help="gunicorn, waitress or auto; overrides SERVER."),
]
Instance = Annotated[
    str | None,
    Option(
        "--instance", metavar="NAME", help="The server among several; default: the settings' own."
    ),
]
"""The option of every command that asks a running server of this machine."""
FailLevel = Annotated[Severity, Option(help="The least severe finding that fails.")]
Select = Annotated[
    list[str] | None, Option(metavar="ID", help="This check alone; may be given again.")
]
Ignore = Annotated[
    list[str] | None, Option(metavar="ID", help="Not this check; may be given again.")
]
"""What the commands that check take: from which level they fail, and ids alone or left out."""


def _option(*names: str, **words: Any) -> Option:
    return Option(*names, rich_help_panel=PANEL, **words)


def _common(  # noqa: PLR0913 -- as many as there are common options
    *,
    env_file: Annotated[
        Path | None,
        _option("--env-file", help="File of settings; default .env."),
    ] = None,
    environment: Annotated[
        EnvironmentName | None,
        _option(
            "--environment",
            metavar="NAME",
            help="development, staging or production; overrides APP_ENV.",
        ),
    ] = None,
    output: Annotated[
        Output | None,
        _option(
            "-o",
            "--output",
            metavar="FORM",
            help="text (default) or json; commands that check: github, sarif, junit.",
        ),
    ] = None,
    quiet: Annotated[bool, _option("-q", "--quiet", help="Say nothing but the result.")] = False,
    verbose: Annotated[
        bool, _option("-v", "--verbose", help="Say more: where a finding is explained.")
    ] = False,
    no_color: Annotated[bool, _option("--no-color", help="No colours.")] = False,
    debug: Annotated[bool, _option("--debug", help="Show the traceback of a failure.")] = False,  # noqa: ARG001 -- the error boundary reads it
) -> "Common":
    from knowctl.context import Common
    from knowctl.render.voice import VoiceOptions

    voice = VoiceOptions(output, quiet=quiet, verbose=verbose, no_color=no_color)
    return Common(env_file, environment, voice)


COMMON: Final = inspect.signature(_common).parameters
"""The options every command has, by name."""


def act(
    function: Callable[..., "Result"], common: Mapping[str, Any], own: Mapping[str, Any]
) -> int:
    """Call a function of a context with its own options, and emit its result; the exit code."""
    from knowctl.context import make_context

    context = make_context(_common(**common))
    returned = inspect.signature(function, eval_str=True).return_annotation
    context.voice.expect(findings=getattr(returned, "__name__", "") == "Report")
    result = function(context, **own)
    context.voice.emit(result)
    return result.failure.exit_code if result.failure else 0


def own_options(function: Callable[..., "Result"]) -> dict[str, inspect.Parameter]:
    """What a command takes besides its context, by name."""
    _, *own = inspect.signature(function, eval_str=True).parameters.values()
    return {each.name: each for each in own}
