"""R4: a process that is killed takes only its own connections with it, and is replaced in time."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import sys
import time

import pytest

from tests.support.control import live, serving_generation, workers
from tests.support.keepalive import Asked, Crowd, crowded
from tests.support.releases import Releases, releases, served
from tests.support.waiting import wait_for

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")

CLIENTS = 32
STRENGTH = 2.0
"""Seconds in which R4 promises a killed worker's place is taken."""
BACK = 3.0
"""Seconds in which R4 promises that the service is back after its master was killed."""
GONE = 5.0
SETTLE = 1.0
KILLS = 3
CALM = {"GUNICORN_MAX_REQUESTS": "0", "GUNICORN_KEEPALIVE": "2"}


def worker_of(asked: Asked) -> int:
    return int(json.loads(asked.body)["pid"])


def strangers(crowd: Crowd, killed: int, since: float) -> list[Asked]:
    """Failures of clients whose connection was not with the killed worker, as far as one knows.

    Whom the first request on a connection went to is known to nobody where it was not answered;
    it may have been the killed worker's if it was on its way when that died.
    """
    holders: dict[int, int] = {}
    found = []
    for each in sorted(crowd.asked, key=lambda asked: asked.ended):
        if each.status == 200:
            holders[each.client] = worker_of(each)
        elif each.fresh:
            found += [each] if each.began > since else []
        elif holders.get(each.client) != killed:
            found.append(each)
    return found


def at_full_strength(site: Releases, wanted: int, without: int) -> bool:
    """Whether so many workers serve that all tell their own state, and the killed one does not."""
    try:
        generation = serving_generation(site.run)
        number, pids = generation["number"], generation["workers"]
        return (
            len(pids) == wanted
            and without not in pids
            and {live(site.run, number, pid)["state"] for pid in pids} == {"serving"}
        )
    except (OSError, ValueError):
        return False


def test_a_killed_worker_takes_only_its_own_connections_with_it() -> None:
    with releases() as site, served(site, CALM) as each:
        for _ in range(KILLS):
            with crowded(each.running.port, CLIENTS, pause=(0, 0.05)) as crowd:
                time.sleep(SETTLE)
                victim = workers(site.run)[0]
                os.kill(victim, signal.SIGKILL)
                killed = time.monotonic()
                took = wait_for(
                    "full strength",
                    lambda victim=victim: at_full_strength(site, 2, victim),  # type: ignore[misc]  # bound at once
                    STRENGTH,
                )
                time.sleep(SETTLE)
            failed = crowd.failures()
            print(f"{len(failed)} of {len(crowd.asked)} failed, replaced in {took:.2f} s")  # noqa: T201 -- figures of the run
            assert strangers(crowd, victim, killed) == []
            assert [one for one in failed if one.began > killed + max(took, STRENGTH)] == []


@pytest.mark.parametrize("server", ["gunicorn", "waitress"])
def test_a_killed_master_is_replaced_while_connections_wait(server: str) -> None:
    with releases() as site, served(site, CALM, server=server) as each:
        with crowded(each.running.port, CLIENTS, pause=(0, 0.05)) as crowd:
            time.sleep(SETTLE)
            before = serving_generation(site.run)
            os.kill(before["pid"], signal.SIGKILL)
            killed = time.monotonic()
            old = {0, *before["workers"]}
            took = wait_for("it answers", lambda: answering(each.running.port) not in old, BACK)
            back = time.monotonic()
            time.sleep(max(BACK - took, 0) + SETTLE)
        print(f"back after {took:.2f} s, {len(crowd.failures())} of {len(crowd.asked)} failed")  # noqa: T201 -- figures of the run
        assert crowd.failures(since=max(back, killed + BACK)) == []
        assert [one for one in crowd.failures() if "refused" in one.problem] == []
        assert each.running.process.poll() is None


def answering(port: int) -> int:
    """The worker that answers on a new connection within a moment, 0 where none does."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=0.5)
    with contextlib.closing(link), contextlib.suppress(OSError, http.client.HTTPException):
        link.request("GET", "/testing/version")
        return int(json.load(link.getresponse())["pid"])
    return 0


@pytest.mark.parametrize("server", ["gunicorn", "waitress"])
def test_a_killed_supervisor_leaves_no_process_and_no_port_behind(server: str) -> None:
    with releases() as site, served(site, CALM, server=server) as each:
        with crowded(each.running.port, 4):
            time.sleep(SETTLE / 2)
            each.running.process.kill()
            each.running.process.wait(GONE)
            took = wait_for(
                "nothing is left",
                lambda: each.running.left_behind() == [],
                GONE,
                lambda: f"{each.running.named()}\n{each.told()[-2000:]}",
            )
        print(f"all gone after {took:.2f} s")  # noqa: T201 -- figures of the run
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", each.running.port))


def test_the_next_server_is_not_disturbed_by_what_a_killed_one_left() -> None:
    with releases() as site, served(site, CALM) as first:
        first.running.process.kill()
        first.running.process.wait(GONE)
        with served(site, CALM) as second:
            assert second.version() == "v1"
            assert len(workers(site.run)) == 2
