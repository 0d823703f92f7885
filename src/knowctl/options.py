"""The options every command has, accepted before and after its own words, and the command shell."""

import inspect
import re
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from typer.core import TyperCommand

from knowctl.choices import EnvironmentName, Output, Severity

if TYPE_CHECKING:
    from knowctl.context import Common
    from knowctl.model.results import Result

_STEPS: Final = re.compile(r"-[0-9]+")
PANEL = "Options of every command"
Instance = Annotated[
    str | None,
    typer.Option(
        "--instance", metavar="NAME", help="The server among several; default: the settings' own."
    ),
]
"""The option of every command that asks a running server of this machine."""
FailLevel = Annotated[Severity, typer.Option(help="The least severe finding that fails.")]
Ids = Annotated[list[str] | None, typer.Option(metavar="ID", help="May be given again.")]
"""What the commands that check take: from which level they fail, and ids alone or left out."""


def _option(*names: str, help: str, **more: Any) -> Any:  # noqa: A002 -- typer's own word
    return typer.Option(*names, help=help, rich_help_panel=PANEL, **more)


def _common(  # noqa: PLR0913 -- as many as there are common options
    *,
    env_file: Annotated[
        Path | None,
        _option("--env-file", help="File of settings; default .env."),
    ] = None,
    environment: Annotated[
        EnvironmentName | None, _option("--environment", help="Overrides APP_ENV.")
    ] = None,
    output: Annotated[
        Output | None,
        _option(
            "-o",
            "--output",
            help="How to answer; default text. The last three: commands that check.",
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


_COMMON = inspect.signature(_common).parameters


def _remember(ctx: typer.Context, options: dict[str, Any]) -> dict[str, Any]:
    """The common options so far: the innermost word wins, a flag once given stays."""
    given = {name: options[name] for name in _COMMON if options.get(name)}
    so_far: dict[str, Any] = ctx.obj if ctx.obj is not None else {}
    so_far.update(given)  # in place: the error boundary has the same dictionary
    ctx.obj = so_far
    return so_far


def group(
    help: str,  # noqa: A002 -- typer's own word
    own: Sequence[inspect.Parameter] = (),
    **more: Any,
) -> typer.Typer:
    """A group of commands that takes the common options too, and its `own`."""
    app = typer.Typer(help=help, **{"add_completion": False, **more})

    def callback(ctx: typer.Context, **options: Any) -> None:
        _remember(ctx, options)

    app.callback()(_accepting(callback, own))
    return app


def command(function: Callable[..., "Result"]) -> Callable[..., None]:
    """Make a function of a context and its own options a command: its result is emitted.

    The exit code is that of the result's failure.
    """
    signature = inspect.signature(function)
    own = list(signature.parameters.values())[1:]
    checks = getattr(signature.return_annotation, "__name__", "") == "Report"

    @wraps(function)
    def run(ctx: typer.Context, **options: Any) -> None:
        from knowctl.context import make_context

        context = make_context(_common(**_remember(ctx, options)))
        context.voice.expect(findings=checks)
        result = function(context, **{each.name: options[each.name] for each in own})
        context.voice.emit(result)
        if result.failure:
            raise typer.Exit(result.failure.exit_code)

    return _accepting(run, own)


class RelativeCommand(TyperCommand):
    """A command whose argument may be a number below zero: `-1` is one step back, no option."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """What typer's own does, with such numbers at the end, where no option is looked for."""
        steps = [] if "--" in args else [each for each in args if _STEPS.fullmatch(each)]
        rest = [each for each in args if each not in steps]
        return super().parse_args(ctx, [*rest, "--", *steps] if steps else args)


def _accepting(
    function: Callable[..., None], own: Sequence[inspect.Parameter]
) -> Callable[..., None]:
    """Give a function the signature that typer reads: context, own and common options."""
    context = inspect.Parameter("ctx", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
    named = [
        each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in (*own, *_COMMON.values())
    ]
    parameters = [context, *named]
    function.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # inspect reads it of any callable
    function.__annotations__ = {each.name: each.annotation for each in parameters}
    return function
