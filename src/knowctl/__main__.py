"""The entry: `python -m knowctl` and the console script."""

import sys

from knowctl.cli import main


def run() -> None:
    """Run the command line and leave with its exit code."""
    sys.exit(main(sys.argv[1:]))


if __name__ == "__main__":
    run()
