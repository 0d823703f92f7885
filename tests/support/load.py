"""A small, steady load on a server, of which every answer is kept."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.support.lag import Lag, watched

PATIENCE = 30.0
PAUSE = 0.1
NUMBERS = itertools.count()


@dataclass(frozen=True, slots=True)
class Sample:
    """One request: when it began, how long it took, and what came; status 0 is no answer."""

    path: str
    began: float
    took: float
    status: int
    retry_after: str | None
    problem: str = ""


@dataclass
class Load:
    """Clients that ask again and again; `samples` grows while they do."""

    port: int
    lag: Lag
    samples: list[Sample] = field(default_factory=list)
    _end: threading.Event = field(default_factory=threading.Event)

    def since(self, moment: float, path: str | None = None) -> list[Sample]:
        """What began at or after a moment."""
        return [
            each
            for each in tuple(self.samples)
            if each.began >= moment and path in {None, each.path}
        ]

    def lag_of(self, sample: Sample) -> float:
        """The longest time for which the machine held this client up meanwhile, in seconds."""
        return self.lag.worst(sample.began, sample.began + sample.took)

    def run(self, ask: Callable[[], tuple[str, str, object]]) -> None:
        """One client, until the end."""
        while not self._end.wait(PAUSE):
            self.samples.append(self._sample(*ask()))

    def end(self) -> None:
        """Let every client finish what it has."""
        self._end.set()

    def _sample(self, method: str, path: str, body: object) -> Sample:
        began = time.monotonic()
        try:
            status, retry_after = self._request(method, path, body)
        except (OSError, http.client.HTTPException) as error:
            return Sample(path, began, time.monotonic() - began, 0, None, repr(error))
        return Sample(path, began, time.monotonic() - began, status, retry_after)

    def _request(self, method: str, path: str, body: object) -> tuple[int, str | None]:
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        with contextlib.closing(link):
            content = None if body is None else json.dumps(body)
            link.request(method, path, content, {"Content-Type": "application/json"})
            answer = link.getresponse()
            answer.read()
            return answer.status, answer.headers["Retry-After"]


def fresh_topic() -> tuple[str, str, object]:
    """A question that no cache has the answer to."""
    return "POST", "/api/create_subtopics", {"topic": f"Topic {next(NUMBERS)}"}


def readiness() -> tuple[str, str, object]:
    """The platform's question whether requests should come."""
    return "GET", "/ready", None


def liveness() -> tuple[str, str, object]:
    """The platform's question whether the process lives."""
    return "GET", "/health", None


@contextmanager
def loaded(port: int, clients: int) -> Iterator[Load]:
    """So many learners with fresh topics, and two platforms that probe."""
    with watched() as lag:
        load = Load(port, lag)
        asked = [*[fresh_topic] * clients, readiness, liveness]
        threads = [threading.Thread(target=load.run, args=(each,), daemon=True) for each in asked]
        for thread in threads:
            thread.start()
        try:
            yield load
        finally:
            load.end()
            for thread in threads:
                thread.join(PATIENCE)
