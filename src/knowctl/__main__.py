"""The entry: `python -m knowctl` and the console script."""

import os
import sys

from knowctl.plain import attempt


def run() -> None:
    """Run the command line and leave with its exit code."""
    argv = sys.argv[1:]
    code = attempt(argv, os.environ)
    if code is None:
        from knowctl.cli import main

        code = main(argv)
    sys.exit(code)


if __name__ == "__main__":
    run()
