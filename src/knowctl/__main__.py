"""The entry: `python -m knowctl` and the console script."""

import os
import sys
from typing import Final

INTERRUPTED: Final = 130
"""The exit code of what Ctrl-C ended, where that came before there was anything to say it."""


def run() -> None:
    """Run the command line and leave with its exit code."""
    try:
        code = _run(sys.argv[1:])
    except KeyboardInterrupt:
        code = INTERRUPTED
    sys.exit(code)


def _run(argv: list[str]) -> int:
    from knowctl.boundary import guarded
    from knowctl.plain import attempt

    code = attempt(argv, os.environ)
    return guarded(argv, _by_typer) if code is None else code


def _by_typer(_options: object) -> int:
    """Let typer read it, which may be missing, and that is said."""
    from knowctl.cli import main

    return main(sys.argv[1:])


if __name__ == "__main__":
    run()
