"""The CPU time that a reading of the live state costs a worker (promise F5)."""

from __future__ import annotations

import argparse
import socket
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.verdict import Verdict, table, told
from tests.support.control import live, serving_generation
from tests.support.keepalive import crowded
from tests.support.releases import releases, served

PROMISE: Final = 5.0
"""Milliseconds of CPU."""
READINGS: Final = 300
HELD: Final = 30
"""Requests in flight in all workers together, each with a line in the answer."""
HOLD: Final = 15.0
"""Seconds of each."""
NANOSECONDS: Final = 1e6
"""In a millisecond."""


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table; 1 where the promise is broken."""
    parser = argparse.ArgumentParser(prog="./run_tests.sh bench live", description=__doc__)
    parser.add_argument("--readings", type=int, default=READINGS, help="of each kind, a worker")
    times = max(1, parser.parse_args(argv).readings)
    size = ("--workers", "2", "--threads", str(HELD + 2))  # one is free for GET /health
    with releases() as site, served(site, {"GUNICORN_MAX_REQUESTS": "0"}, size=size) as each:
        path = f"/testing/sleep/{HOLD}"
        with crowded(each.running.port, HELD, path, pause=(0.0, 0.01)) as crowd:
            time.sleep(1)
            crowd.end()  # what is under way stays so for HOLD
            generation = serving_generation(site.run)
            rows = [
                measure(site.run, generation["number"], pid, times) for pid in generation["workers"]
            ]
    table(("worker", "in flight", "reading ms", "GET /health ms", "ratio"), *map(_row, rows))
    worst = max(reading for _, _, reading, _ in rows)
    return told(Verdict("F5", "CPU a worker a reading", worst, PROMISE, " ms", most=True))


def measure(run: Path, number: int, pid: int, times: int) -> tuple[int, int, float, float]:
    """A worker, its requests in flight, and the CPU milliseconds of a reading and of a request."""
    private = run / f"gen-{number}" / f"w-{pid}.sock"
    reading = cost(pid, times, lambda: live(run, number, pid))
    return pid, live(run, number, pid)["in_flight"], reading, cost(pid, times, lambda: get(private))


def cost(pid: int, times: int, ask: Callable[[], Any]) -> float:
    """CPU milliseconds that a process uses for one of many, less what it uses by itself."""
    ask()
    before, began = cpu(pid), time.monotonic()
    for _ in range(times):
        ask()
    used, took = cpu(pid) - before, time.monotonic() - began
    before = cpu(pid)
    time.sleep(took)
    return (used - (cpu(pid) - before)) / times / NANOSECONDS


def cpu(pid: int) -> int:
    """Nanoseconds for which the threads of a process have run."""
    threads = (Path("/proc") / str(pid) / "task").iterdir()
    return sum(int((each / "schedstat").read_text().split()[0]) for each in threads)


def get(private: Path) -> bytes:
    """GET /health on a worker's private socket."""
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(5)
        link.connect(str(private))
        link.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        with link.makefile("rb") as answer:
            return answer.read()


def _row(row: tuple[int, int, float, float]) -> tuple[object, ...]:
    pid, held, reading, request = row
    return pid, held, f"{reading:.2f}", f"{request:.2f}", f"{reading / request:.2f}"


if __name__ == "__main__":
    sys.exit(main())
