"""The table of contents: every command, loaded when it is named."""

import inspect
from collections.abc import Sequence
from importlib import import_module
from itertools import takewhile
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from knowctl import __version__
from knowctl.boundary import fail, guarded
from knowctl.errors import ErrorCode, ExitCode, Failure
from knowctl.plain import ALONE
from knowctl.shell import alone, group

COMMANDS: Final = (
    *("serve", "reload", "stop", "drain", "status", "inflight", "stacks"),
    *("health", "pool", "cache", "config", "db", "users", "keys", "routes", "env", "doctor"),
)
"""Each is a module of `knowctl.commands`; those that are not alone have a group called `app`."""


class LazyGroup(TyperGroup):
    """A group whose commands are imported when they are asked for."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 -- typer's signature
        """Every command, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 -- typer's signature
        """The command of that name, None when there is none."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"knowctl.commands.{cmd_name}")
        app = alone(getattr(module, cmd_name)) if cmd_name in ALONE else module.app
        loaded = typer.main.get_command(app)
        loaded.name = cmd_name
        return loaded


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"knowctl {__version__}")
        raise typer.Exit


VERSION: Final = Annotated[
    bool,
    typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
]

app = group(
    "Run the backend of KnowAlledge: check, migrate, serve, watch.\n\n"
    "Example: knowctl config check && knowctl serve",
    own=[
        inspect.Parameter(
            "version", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=VERSION
        )
    ],
    cls=LazyGroup,
    add_completion=True,
)


def main(argv: Sequence[str]) -> int:
    """Run one command line and return its exit code; nothing that goes wrong is a traceback."""
    return guarded(argv, lambda options: _run(argv, options))


def _run(argv: Sequence[str], options: dict[str, Any]) -> int:
    try:
        code = typer.main.get_command(app).main(
            args=list(argv) or ["--help"], prog_name="knowctl", standalone_mode=False, obj=options
        )
    except typer.Abort as error:
        raise KeyboardInterrupt from error
    except TyperException as error:
        return fail(argv, _misused(argv, error))
    if code == ExitCode.INTERRUPTED:  # what typer makes of Ctrl-C, without a word
        raise KeyboardInterrupt
    return code if isinstance(code, int) else ExitCode.DONE


def _misused(argv: Sequence[str], error: TyperException) -> Failure:
    context = getattr(error, "ctx", None)
    path = context.command_path if context else _path(argv)
    return Failure(
        ErrorCode.USAGE,
        f"{path}: wrong usage",
        " ".join((*error.format_message().split(), *_choice(error, context))),
        f"{path} --help",
        ExitCode.USAGE,
    )


def _path(argv: Sequence[str]) -> str:
    """The command that was meant, where the error does not say: the words before any option."""
    return " ".join(("knowctl", *takewhile(lambda word: not word.startswith("-"), argv)))


def _choice(error: TyperException, context: Any) -> tuple[str, ...]:
    """What there is to choose from, where a group was named alone."""
    if context is None or not error.format_message().startswith("Missing command"):
        return ()
    return (f"There are {', '.join(context.command.list_commands(context))}.",)
