"""R3: a server that is told to end while clients still come loses none of them, and ends well."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.keepalive import crowded
from tests.support.processes import STOP_SECONDS
from tests.support.releases import Served, releases, served
from tests.support.waiting import wait_for

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")

SERVERS = ("gunicorn", "waitress")
CLIENTS = 32
DRAIN = 2.5
GRACE = 6.0
NOTICED = 1.0
"""Seconds before the drain ends at which clients stop sending, as a balancer has them do."""
SETTINGS = {"DRAIN_SECONDS": f"{DRAIN:g}", "GUNICORN_GRACEFUL_TIMEOUT": f"{GRACE:g}"}
TOLD = 0.3
"""Seconds before that at which a request begins that outlives the drain."""


def terminate(each: Served) -> None:
    each.running.process.send_signal(signal.SIGTERM)


def interrupt(each: Served) -> None:
    each.running.process.send_signal(signal.SIGINT)


def stop(each: Served) -> None:
    done = each.knowctl("stop")
    assert done.returncode == 0, done.stderr


def ready(each: Served) -> int:
    return each.running.request("GET", "/ready").status


@pytest.mark.parametrize(
    ("server", "end"),
    [("gunicorn", terminate), ("gunicorn", interrupt), ("gunicorn", stop), ("waitress", terminate)],
)
def test_nothing_sent_before_the_drain_ends_is_lost(
    server: str, end: Callable[[Served], None]
) -> None:
    with releases() as site, served(site, SETTINGS, server=server) as each:
        with crowded(each.running.port, CLIENTS) as crowd, ThreadPoolExecutor(2) as others:
            time.sleep(0.5)
            ending = others.submit(end, each)
            wait_for("/ready says 503", lambda: ready(each) == 503, 5)
            told = time.monotonic()
            time.sleep(DRAIN - NOTICED - TOLD)
            slow = others.submit(each.running.request, "GET", f"/testing/sleep/{NOTICED + 1.5}")
            time.sleep(TOLD)
            crowd.end()
        code = each.running.process.wait(STOP_SECONDS)
        took = time.monotonic() - told
        print(f"{len(crowd.asked)} requests, ended {took:.2f} s after /ready said 503")  # noqa: T201 -- figures of the run
        assert crowd.failures() == []
        assert crowd.asked[-1].began > told, "the load ended before the drain began"
        assert slow.result().status == 200
        ending.result()
        assert (code, each.running.left_behind()) == (0, [])
        assert took < DRAIN + GRACE, each.told()
        assert "Traceback" not in each.running.said()


@pytest.mark.parametrize("server", SERVERS)
def test_what_does_not_end_within_the_grace_is_ended(server: str) -> None:
    settings = {"DRAIN_SECONDS": "0", "GUNICORN_GRACEFUL_TIMEOUT": "2"}
    with releases() as site, served(site, settings, server=server) as each:
        with crowded(each.running.port, 1, "/testing/sleep/20.0", pause=(0, 0.01)) as crowd:
            time.sleep(0.5)
            began = time.monotonic()
            assert each.running.stop(signal.SIGTERM) == 0
            took = time.monotonic() - began
            crowd.end()
        assert took < 2 + 1
        assert each.running.left_behind() == []


@pytest.mark.parametrize("server", SERVERS)
def test_a_drain_serves_on_and_can_be_taken_back(server: str) -> None:
    with releases() as site, served(site, server=server) as each:
        with crowded(each.running.port, CLIENTS) as crowd:
            assert ready(each) == 200
            assert each.knowctl("drain").returncode == 0
            assert ready(each) == 503
            assert each.knowctl("drain", "--off").returncode == 0
            wait_for("/ready says 200", lambda: ready(each) == 200, 3)
        assert crowd.failures() == []
        assert each.running.process.poll() is None
