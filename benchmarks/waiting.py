"""A hundred clients on an endpoint that waits: every thread is used, and all fit (promise F3)."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from typing import Final

from benchmarks.pressure import press
from benchmarks.verdict import Verdict, table, told
from tests.support.keepalive import crowded
from tests.support.processes import free_port, serving
from tests.support.releases import Releases, releases, served

CLIENTS: Final = 100
WAIT: Final = 0.1
WORKERS, THREADS = 2, 32
SHARE: Final = 0.8
LONG: Final = 3.0
"""Seconds of a request for the count of those in flight: two in turn take twice as long."""
PEER: Final = ("gunicorn", "--worker-class", "gthread", "--preload", "--workers", str(WORKERS),
               "--threads", str(THREADS), "knowalledge_api.wsgi:application", "--bind")  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table; 1 where the promise is broken."""
    parser = argparse.ArgumentParser(prog="./run_tests.sh bench waiting", description=__doc__)
    parser.add_argument("--seconds", type=float, default=10, help="length of each measurement")
    seconds = parser.parse_args(argv).seconds
    size = ("--workers", str(WORKERS), "--threads", str(THREADS))
    with releases() as site:
        with plain(site) as peer:
            theirs = press(peer, f"/testing/sleep/{WAIT}", CLIENTS, seconds)
        with served(site, size=size) as ours:
            share = press(ours.running.port, f"/testing/sleep/{WAIT}", CLIENTS, seconds)
        with served(site, size=()) as defaults:
            held = in_flight(defaults.running.port)
    ideal = min(CLIENTS, WORKERS * THREADS) / WAIT
    shares = [f"{each.rate / ideal:.2f}" for each in (theirs, share)]
    table(
        (f"{CLIENTS} clients on a wait of {WAIT * 1000:g} ms", "req/s", "errors", "share"),
        (f"ideal of {WORKERS} workers x {THREADS} threads", f"{ideal:.0f}", 0, "1.00"),
        (" ".join((*PEER, "PORT")), f"{theirs.rate:.0f}", theirs.errors, shares[0]),
        (f"knowctl serve {' '.join(size)}", f"{share.rate:.0f}", share.errors, shares[1]),
    )  # fmt: skip
    return told(
        Verdict("F3", "share of the ideal", share.rate / ideal, SHARE),
        Verdict("F3", f"of {CLIENTS} requests at once, in flight with the defaults", held, CLIENTS),
    )


@contextmanager
def plain(site: Releases) -> Iterator[int]:
    """The server without knowctl, on the same application and size; its port."""
    port = free_port()
    command = [sys.executable, "-m", *PEER, f"127.0.0.1:{port}"]
    with serving(command, cwd=site.root, port=port, environ=site.environment) as running:
        yield running.port


def in_flight(port: int) -> int:
    """How many of CLIENTS long requests were served side by side."""
    with crowded(port, CLIENTS, f"/testing/sleep/{LONG}", pause=(0.0, 0.01)) as crowd:
        time.sleep(LONG / 2)
        crowd.end()
    good = [each for each in crowd.asked if each.status == HTTPStatus.OK]
    return sum(each.took < LONG * 1.5 for each in good)


if __name__ == "__main__":
    sys.exit(main())
