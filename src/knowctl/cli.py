"""The table of contents: every command, loaded when it is named, and the one error boundary."""

import contextlib
import inspect
import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from knowctl import __version__
from knowctl.errors import ErrorCode, ExitCode, Failure, KnowctlError
from knowctl.options import group

COMMANDS: Final = (
    *("serve", "reload", "stop", "drain", "status", "inflight", "stacks"),
    *("health", "pool", "cache", "config", "db", "users", "keys", "routes"),
)
"""Each is a module of `knowctl.commands` with a typer application called `app`."""


class LazyGroup(TyperGroup):
    """A group whose commands are imported when they are asked for."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 -- typer's signature
        """Every command, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 -- typer's signature
        """The command of that name, None when there is none."""
        if cmd_name not in COMMANDS:
            return None
        loaded = typer.main.get_command(import_module(f"knowctl.commands.{cmd_name}").app)
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
    options: dict[str, Any] = {}
    try:
        code = typer.main.get_command(app).main(
            args=list(argv) or ["--help"], prog_name="knowctl", standalone_mode=False, obj=options
        )
    except (KeyboardInterrupt, typer.Abort):
        return _fail(argv, _INTERRUPTED)
    except KnowctlError as error:
        _trace(argv, error, options)
        return _fail(argv, error.failure)
    except TyperException as error:
        return _fail(argv, _misused(error))
    except Exception as error:  # noqa: BLE001 -- the one boundary
        _trace(argv, error, options)
        return _fail(argv, _bug(error))
    if code == ExitCode.INTERRUPTED:  # what typer makes of Ctrl-C, without a word
        return _fail(argv, _INTERRUPTED)
    return code if isinstance(code, int) else ExitCode.DONE


def _trace(argv: Sequence[str], error: Exception, options: Mapping[str, Any]) -> None:
    """Show where an error came from, where that is wanted: drivers quote what they were given."""
    if "--debug" not in argv:
        return
    import traceback

    from knowctl.context import Common, make_context
    from knowctl.render.redaction import redacted

    secrets = make_context(Common(options.get("env_file"))).settings.secrets()
    text = redacted("".join(traceback.format_exception(error)), secrets)
    with contextlib.suppress(OSError):
        print(text, end="", file=sys.stderr)  # noqa: T201 -- no result and no talk: a traceback


def _fail(argv: Sequence[str], failure: Failure) -> int:
    from knowctl.render.voice import Voice, spoken

    return Voice(spoken(argv, os.environ)).fail(failure)


_INTERRUPTED: Final = Failure(
    ErrorCode.INTERRUPTED,
    "interrupted",
    "Ctrl-C was pressed",
    "run the same command again",
    ExitCode.INTERRUPTED,
)


def _misused(error: TyperException) -> Failure:
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "knowctl"
    return Failure(
        ErrorCode.USAGE,
        f"{path}: wrong usage",
        " ".join(error.format_message().split()),
        f"{path} --help",
        ExitCode.USAGE,
    )


def _bug(error: Exception) -> Failure:
    return Failure(
        ErrorCode.BUG,
        "this is a bug in knowctl",
        type(error).__name__,
        "run it again with --debug, and report what it prints",
    )
