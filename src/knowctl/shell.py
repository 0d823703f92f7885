"""The command shell: functions of a context as typer's commands, options before and after words."""

import inspect
import re
from collections.abc import Callable, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Annotated, Any, Final, get_args

import typer
from typer.core import TyperCommand

from knowctl.options import COMMON, Option, act, own_options

if TYPE_CHECKING:
    from knowctl.model.results import Result

_STEPS: Final = re.compile(r"-[0-9]+")


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


def alone(function: Callable[..., "Result"]) -> typer.Typer:
    """A command that is in no group."""
    app = typer.Typer(add_completion=False)
    app.command()(command(function))
    return app


def command(function: Callable[..., "Result"]) -> Callable[..., None]:
    """Make a function of a context and its own options a command: its result is emitted.

    The exit code is that of the result's failure.
    """
    own = own_options(function)

    @wraps(function)
    def run(ctx: typer.Context, **options: Any) -> None:
        code = act(function, _remember(ctx, options), {name: options[name] for name in own})
        if code:
            raise typer.Exit(code)

    return _accepting(run, list(own.values()))


class RelativeCommand(TyperCommand):
    """A command whose argument may be a number below zero: `-1` is one step back, no option."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """What typer's own does, with such numbers at the end, where no option is looked for."""
        steps = [] if "--" in args else [each for each in args if _STEPS.fullmatch(each)]
        rest = [each for each in args if each not in steps]
        return super().parse_args(ctx, [*rest, "--", *steps] if steps else args)


def _remember(ctx: typer.Context, options: dict[str, Any]) -> dict[str, Any]:
    """The common options so far: the innermost word wins, a flag once given stays."""
    given = {name: options[name] for name in COMMON if options.get(name)}
    so_far: dict[str, Any] = ctx.obj if ctx.obj is not None else {}
    so_far.update(given)  # in place: the error boundary has the same dictionary
    ctx.obj = so_far
    return so_far


def _accepting(
    function: Callable[..., None], own: Sequence[inspect.Parameter]
) -> Callable[..., None]:
    """Give a function the signature that typer reads: context, own and common options."""
    context = inspect.Parameter("ctx", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
    named = [
        each.replace(kind=inspect.Parameter.KEYWORD_ONLY, annotation=_for_typer(each.annotation))
        for each in (*own, *COMMON.values())
    ]
    parameters = [context, *named]
    function.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # inspect reads it of any callable
    function.__annotations__ = {each.name: each.annotation for each in parameters}
    return function


def _for_typer(annotation: Any) -> Any:
    """The same with an option of typer's own in place of ours."""
    match get_args(annotation):
        case (kind, Option() as option):
            return Annotated[kind, typer.Option(*option.names, **option.words)]
    return annotation
