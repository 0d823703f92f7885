"""What each worker more costs in memory, and the supervisor (promise F6)."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.pressure import press
from benchmarks.verdict import Verdict, table, told
from tests.support.processes import Running, free_port, serving
from tests.support.releases import Releases, releases, served

MORE: Final = 5
SHARE: Final = 0.5
SUPERVISOR: Final = 15.0
"""MB."""
PEER: Final = ("gunicorn", "--worker-class", "gthread", "--threads", "24",
               "knowalledge_api.wsgi:application")  # fmt: skip
WORK: Final = ("/testing/version", "/health", "/ready")
"""Asked before memory is looked at: what is shared at first is written to by working."""


@dataclass(frozen=True, slots=True)
class Memory:
    """Proportional set sizes in MB: a page that n processes share counts 1/n in each."""

    supervisor: float
    rest: float


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table; 1 where a promise is broken."""
    parser = argparse.ArgumentParser(prog="./run_tests.sh bench memory", description=__doc__)
    parser.add_argument("--seconds", type=float, default=2, help="of work before each look")
    seconds = parser.parse_args(argv).seconds
    with releases() as site:
        peer = [peers(site, count, seconds) for count in (1, MORE)]
        one, more = (ours(site, count, seconds) for count in (1, MORE))
    share = extra(one, more) / one.rest
    theirs = extra(*peer) / peer[0].rest
    table(
        ("PSS in MB", "1 worker", f"{MORE} workers", "each more", "share of the first"),
        (" ".join(PEER), *_cells(*peer), f"{theirs:.2f}"),
        ("knowctl serve --threads 24", *_cells(one, more), f"{share:.2f}"),
        ("its supervisor", f"{one.supervisor:.1f}", f"{more.supervisor:.1f}", "", ""),
    )
    return told(
        Verdict("F6", "share of the first that each extra worker adds", share, SHARE, most=True),
        Verdict("F6", "supervisor", more.supervisor, SUPERVISOR, " MB", most=True),
    )


def ours(site: Releases, count: int, seconds: float) -> Memory:
    """`knowctl serve` with so many workers, after some work."""
    size = ("--workers", str(count), "--threads", "24")
    with served(site, {"GUNICORN_MAX_REQUESTS": "0"}, size=size) as each:
        return measured(each.running, seconds)


def peers(site: Releases, count: int, seconds: float) -> Memory:
    """The peer as it comes, without preload."""
    with plain(site, count) as running:
        whole = measured(running, seconds)
    return Memory(0.0, whole.supervisor + whole.rest)


@contextmanager
def plain(site: Releases, count: int) -> Iterator[Running]:
    """The peer, with so many workers."""
    port = free_port()
    place = ["--bind", f"127.0.0.1:{port}", "--workers", str(count)]
    command = [sys.executable, "-m", *PEER, *place]
    with serving(command, cwd=site.root, port=port, environ=site.environment) as running:
        yield running


def measured(running: Running, seconds: float) -> Memory:
    """The first process by itself, and all others that belong to it together."""
    for path in WORK:
        press(running.port, path, 32, seconds)
    sizes = {pid: pss(pid) for pid in running.left_behind()}
    supervisor = sizes.pop(running.process.pid)
    return Memory(supervisor, sum(sizes.values()))


def pss(pid: int) -> float:
    """Proportional set size of a process in MB."""
    lines = (Path("/proc") / str(pid) / "smaps_rollup").read_text().splitlines()
    (kilobytes,) = [int(line.split()[1]) for line in lines if line.startswith("Pss:")]
    if not kilobytes:
        raise SystemExit("this kernel does not tell proportional set sizes")
    return kilobytes / 1000


def extra(one: Memory, more: Memory) -> float:
    """What each worker after the first adds."""
    return (more.rest - one.rest) / (MORE - 1)


def _cells(one: Memory, more: Memory) -> tuple[str, str, str]:
    return f"{one.rest:.1f}", f"{more.rest:.1f}", f"{extra(one, more):.1f}"


if __name__ == "__main__":
    sys.exit(main())
