"""Requests a second of `knowctl serve` and of Flask's development server (promise F1)."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from statistics import median
from typing import Final

from benchmarks.pressure import Pressure, press
from benchmarks.verdict import Verdict, table, told
from tests.support.processes import free_port, serving
from tests.support.releases import Releases, releases, served

PATH: Final = "/testing/version"
CONNECTIONS: Final = 32
PROMISE: Final = 5.0
PEER: Final = ("flask", "--app", "knowalledge_api.wsgi", "run", "--port")


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table; 1 where the promise is broken."""
    parser = argparse.ArgumentParser(prog="./run_tests.sh bench throughput", description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="measurements of each, in turn")
    parser.add_argument("--seconds", type=float, default=5, help="length of each")
    given = parser.parse_args(argv)
    with releases() as site, served(site, size=()) as ours, development(site) as peer:
        times = max(1, given.runs)
        pairs = [
            [press(port, PATH, CONNECTIONS, given.seconds) for port in (peer, ours.running.port)]
            for _ in range(times)
        ]
    return _tell(*zip(*pairs, strict=True))


@contextmanager
def development(site: Releases) -> Iterator[int]:
    """Flask's development server on the same application and database; its port."""
    port = free_port()
    command = [sys.executable, "-m", *PEER, str(port)]
    environ = {**site.environment, "LOG_FORMAT": "json"}
    with serving(command, cwd=site.root, port=port, environ=environ) as running:
        yield running.port


def _tell(peer: Sequence[Pressure], ours: Sequence[Pressure]) -> int:
    rates = [median(each.rate for each in side) for side in (peer, ours)]
    ratio = rates[1] / rates[0]
    table(
        (f"GET {PATH}, {CONNECTIONS} connections, by {ours[0].client}", "req/s", "errors", "ratio"),
        (" ".join((*PEER, "PORT")), f"{rates[0]:.0f}", sum(each.errors for each in peer), "1.00"),
        ("knowctl serve", f"{rates[1]:.0f}", sum(each.errors for each in ours), f"{ratio:.2f}"),
    )
    return told(Verdict("F1", "requests/s against the development server", ratio, PROMISE))


if __name__ == "__main__":
    sys.exit(main())
