"""How long knowctl takes to start, against `flask --version` on the same machine (promise F4)."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from tests.support.releases import releases, served

PEER: Final = "flask --version"
HEALTH: Final = "knowctl health"
PROMISES: Final[Mapping[str, float]] = {
    "knowctl --version": 0.5,
    "knowctl config check": 1.5,
    HEALTH: 0.5,
}
"""The most that the median of a command may be of the peer's."""
REMOVED: Final = ("PYTHONDONTWRITEBYTECODE", "PYTHONPROFILEIMPORTTIME", "PYTHONDEVMODE")
"""What would make every start a first one, or a slow one."""


@dataclass(frozen=True, slots=True)
class Row:
    """The times of one command, in milliseconds, and its share of the peer's median."""

    command: str
    median: float
    least: float
    ratio: float

    @property
    def promise(self) -> float | None:
        """The most that the ratio may be; None for the peer itself."""
        return PROMISES.get(self.command)

    @property
    def holds(self) -> bool:
        """Whether the promise is kept."""
        return self.promise is None or self.ratio <= self.promise

    def __str__(self) -> str:
        promise = "" if self.promise is None else f"{self.promise:.2f}"
        verdict = "" if self.promise is None else "holds" if self.holds else "BROKEN"
        return (
            f"{self.command:<22}{self.median:>10.1f}{self.least:>10.1f}{self.ratio:>8.2f}"
            f"{promise:>9}  {verdict}"
        ).rstrip()


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table; 1 where a promise is broken."""
    parser = argparse.ArgumentParser(prog="./run_tests.sh bench startup", description=__doc__)
    parser.add_argument("--runs", type=int, default=15, help="starts of each command")
    runs = max(1, parser.parse_args(argv).runs)
    with releases() as site, served(site) as server:
        there = {**server.environ, "PORT": str(server.running.port)}
        rows = summary(measure((PEER, *PROMISES), runs, there))
    print(f"{'command':<22}{'median ms':>10}{'min ms':>10}{'ratio':>8}{'promise':>9}")
    print(*rows, sep="\n")
    return 0 if all(row.holds for row in rows) else 1


def measure(commands: Sequence[str], runs: int, there: Mapping[str, str]) -> dict[str, list[float]]:
    """Milliseconds of each start, the commands in turn, after one start of each that warms up.

    `there` is the environment in which `knowctl health` finds its server.
    """
    times: dict[str, list[float]] = {command: [] for command in commands}
    with tempfile.TemporaryDirectory() as empty:
        for each in range(runs + 1):
            for command in commands:
                taken = start(command, empty, there if command == HEALTH else {})
                if each:
                    times[command].append(taken)
    return times


def start(command: str, directory: str, more: Mapping[str, str]) -> float:
    """Milliseconds from start to end of one process; it has to end well."""
    own = {name: value for name, value in os.environ.items() if name not in REMOVED}
    environ = {**own, **more}
    words = [sys.executable, "-m", *command.split()]
    began = time.perf_counter()
    subprocess.run(words, cwd=directory, env=environ, stdout=subprocess.DEVNULL, check=True)
    return (time.perf_counter() - began) * 1000


def summary(times: Mapping[str, Sequence[float]]) -> list[Row]:
    """A row a command, the peer first."""
    peer = median(times[PEER])
    return [
        Row(command, median(taken), min(taken), median(taken) / peer)
        for command, taken in times.items()
    ]


if __name__ == "__main__":
    sys.exit(main())
