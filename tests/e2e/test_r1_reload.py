"""R1: twenty reloads in a row under load lose no request, and keep none waiting."""

from __future__ import annotations

import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from statistics import quantiles

import pytest

from tests.support.keepalive import Asked, Crowd, crowded
from tests.support.neighbours import Neighbours, neighbours
from tests.support.processes import Response
from tests.support.releases import Served, releases, served
from tests.support.waiting import wait_for

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="there a reload is a stop and a start"),
    pytest.mark.timeout(600),
]

RELOADS = {"gunicorn": 20, "waitress": 4}
CLIENTS = 32
PAUSE = (0.0, 0.4)
"""Each sends again well within a second."""
THINKERS = 50
KEEP_ALIVE = 2
THINKING = (0.0, KEEP_ALIVE - 0.5)
"""Up to the keep-alive time, less what a request needs to arrive before the server hangs up."""
CALM = 4.0
STALL = 0.25
"""Seconds over the p99 without reloads that R1 allows the longest request."""
NOISE = 0.039
"""A client that its own machine held up for longer can't tell what the server did."""
CROWDED = 0.25
"""Cores; a server whose machine gives more to others can't tell either."""
AROUND = 0.5
"""Seconds before and after a request in which either tells that the machine was slow."""
SLOW_REQUEST = 1.5
SETTINGS = {"SOAK_SECONDS": "0.5", "GUNICORN_MAX_REQUESTS": "0"}


@pytest.mark.parametrize("server", RELOADS)
def test_reloads_under_load_lose_nothing_and_stall_nobody(server: str) -> None:
    settings = {**SETTINGS, "GUNICORN_KEEPALIVE": str(KEEP_ALIVE)}
    with releases("a") as site, served(site, settings, server=server) as each:
        site.make("b")
        port = each.running.port
        with (
            neighbours() as others,
            crowded(port, CLIENTS, pause=PAUSE) as crowd,
            crowded(port, THINKERS, pause=THINKING) as thinkers,
        ):
            time.sleep(CALM)
            reloading = time.monotonic()
            slow = reload_again_and_again(each, RELOADS[server])
            done = time.monotonic()
        run = Run(crowd, thinkers, others, reloading)
        run.report(server, done)
        assert crowd.failures() == []
        assert thinkers.failures() == []
        assert [answer.status for answer in slow] == [200] * RELOADS[server]
        assert run.stalled() == []
        assert "Traceback" not in each.running.said()


def reload_again_and_again(each: Served, times: int) -> list[Response]:
    """Reload to one release and the other in turn; what slow requests under way were answered."""
    slow: list[Future[Response]] = []
    with ThreadPoolExecutor(times) as threads:
        for number in range(times):
            name = "ba"[number % 2]
            slow.append(threads.submit(slow_request, each))
            time.sleep(0.1)
            each.site.switch(name)
            each.reload()
            wait_for(f"{name} answers", lambda name=name: each.version() == name, 5)  # type: ignore[misc]  # bound at once
        return [answer.result() for answer in slow]


def slow_request(each: Served) -> Response:
    return each.running.request("GET", f"/testing/sleep/{SLOW_REQUEST}")


def p99(asked: list[Asked]) -> float:
    return quantiles([each.took for each in asked], n=100)[98]


@dataclass(frozen=True)
class Run:
    """What the clients saw, and when the reloads began."""

    crowd: Crowd
    thinkers: Crowd
    others: Neighbours
    reloading: float

    def bound(self) -> float:
        """What R1 allows a request while there are reloads, in seconds."""
        return p99(self.crowd.between(0, self.reloading)) + STALL

    def over(self) -> list[Asked]:
        """What waited longer than that."""
        bound = self.bound()
        return [each for each in self.crowd.between(self.reloading) if each.took > bound]

    def stalled(self) -> list[Asked]:
        """What waited longer while the machine was there for client and server."""
        return [each for each in self.over() if not self.was_slow(each)]

    def was_slow(self, each: Asked) -> bool:
        """Whether the machine held up the client, or was busy with others, around a request."""
        window = each.began - AROUND, each.ended + AROUND
        return self.crowd.lag.worst(*window) > NOISE or self.others.cores(*window) > CROWDED

    def report(self, server: str, done: float) -> None:
        """The figures, for the reader of `pytest -s` and of a failure."""
        calm, busy = self.crowd.between(0, self.reloading), self.crowd.between(self.reloading)
        say(f"{server}: {RELOADS[server]} reloads in {done - self.reloading:.1f} s")
        for name, crowd in (("busy", self.crowd), ("thinking", self.thinkers)):
            count = f"{len(crowd.asked)} requests, {len(crowd.failures())} failed"
            say(f"{crowd.clients} {name} clients: {count}")
        say(
            f"p99 {p99(calm) * 1000:.0f} ms without reloads, {p99(busy) * 1000:.0f} ms with; the "
            f"longest took {max(each.took for each in busy) * 1000:.0f} ms, "
            f"{self.bound() * 1000:.0f} ms are promised"
        )
        late, judged = self.over(), self.stalled()
        say(
            f"the client lagged {self.crowd.lag.worst(self.reloading) * 1000:.0f} ms, others had "
            f"{self.others.cores(self.reloading, done):.2f} cores; {len(late)} requests took "
            f"longer than promised, {len(late) - len(judged)} of them not judged (the machine was "
            f"slow: the client lagged over {NOISE * 1000:.0f} ms, or others had over {CROWDED} "
            "cores)"
        )


def say(line: str) -> None:
    print(line)  # noqa: T201 -- figures of the run
