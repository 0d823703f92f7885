"""The entry: `python -m knowctl` and the console script."""

import os
import sys

from knowctl.boundary import guarded
from knowctl.plain import attempt


def run() -> None:
    """Run the command line and leave with its exit code."""
    argv = sys.argv[1:]
    code = attempt(argv, os.environ)
    sys.exit(guarded(argv, _by_typer) if code is None else code)


def _by_typer(_options: object) -> int:
    """Let typer read it, which may be missing, and that is said."""
    from knowctl.cli import main

    return main(sys.argv[1:])


if __name__ == "__main__":
    run()
