"""The one error boundary: what goes wrong is three lines and an exit code, never a traceback."""

import contextlib
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from knowctl.errors import ErrorCode, ExitCode, Failure, KnowctlError, incomplete


def guarded(argv: Sequence[str], run: Callable[[dict[str, Any]], int]) -> int:
    """The exit code of what `run` does; it keeps the common options that it reads in what it gets.

    `argv` tells how to speak where those were not read yet.
    """
    options: dict[str, Any] = {}
    try:
        return run(options)
    except KeyboardInterrupt:
        return fail(argv, _INTERRUPTED)
    except KnowctlError as error:
        _trace(argv, error, options)
        return fail(argv, error.failure)
    except Exception as error:  # noqa: BLE001 -- the one boundary
        _trace(argv, error, options)
        return fail(argv, _unforeseen(error))


def fail(argv: Sequence[str], failure: Failure) -> int:
    """Tell a failure as the command line wants it told, and give back its exit code."""
    from knowctl.render.voice import Voice, spoken

    return Voice(spoken(argv, os.environ)).fail(failure)


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


_INTERRUPTED: Final = Failure(
    ErrorCode.INTERRUPTED,
    "interrupted",
    "Ctrl-C was pressed",
    "run the same command again",
    ExitCode.INTERRUPTED,
)


def _unforeseen(error: Exception) -> Failure:
    if isinstance(error, ModuleNotFoundError):
        return incomplete(error)
    return Failure(
        ErrorCode.BUG,
        "this is a bug in knowctl",
        type(error).__name__,
        "run it again with --debug, and report what it prints",
    )
