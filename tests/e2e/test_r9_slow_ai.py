"""R9: a slow AI makes nobody else wait, and what is more than it can do is refused at once."""

from __future__ import annotations

import http.client
import itertools
import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.support import gemini as wire
from tests.support import servers
from tests.support.gemini import Gemini, serving_gemini
from tests.support.lag import Lag, watched
from tests.support.processes import HOST, Running, free_port, knowctl, serving

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="the run directory is a supervisor's"),
    pytest.mark.timeout(300),
]

CLIENTS = 200
AI_SECONDS = 2.0
UNDER_LOAD = 15.0
HEALTH, PROGRESS = "/health", "/api/progress"
PROMISED = {HEALTH: 0.100, PROGRESS: 0.250}
"""Seconds at the 99th percentile."""
REFUSED = 2.0
"""Seconds in which who can't be served is told so, as R7 has it: nothing is queued."""
PATIENCE = 60.0
PROBE_PAUSE = 0.05
NUMBERS = itertools.count()


@dataclass(frozen=True)
class Site:
    """A server with the defaults of its machine on a PostgreSQL, an AI, and two keys."""

    running: Running
    gemini: Gemini
    key: str
    admin: str


@dataclass(frozen=True)
class Seen:
    """One answer, and how long it took beyond what held this very process up."""

    path: str
    status: int
    took: float
    retry_after: str | None


@dataclass
class Crowd:
    """Clients that ask until they are told to end."""

    port: int
    key: str
    lag: Lag
    seen: list[Seen] = field(default_factory=list)
    end: threading.Event = field(default_factory=threading.Event)

    def generate(self) -> None:
        """A learner with a new topic each time, who comes again when the server says so."""
        while not self.end.is_set():
            answer = self.ask(*_wanted(next(NUMBERS)))
            self.end.wait(float(answer.retry_after or 0))

    def probe(self, path: str) -> None:
        """Somebody who has nothing to do with the AI."""
        while not self.end.wait(PROBE_PAUSE):
            self.ask("GET", path)

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Seen:
        """One request, kept."""
        began = time.monotonic()
        with closing(http.client.HTTPConnection(HOST, self.port, timeout=PATIENCE)) as link:
            content = None if body is None else json.dumps(body)
            headers = {"Content-Type": "application/json", "X-API-Key": self.key}
            link.request(method, path, content, headers)
            answer = link.getresponse()
            answer.read()
        ended = time.monotonic()
        took = max(0.0, ended - began - self.lag.total(began, ended))
        self.seen.append(Seen(path, answer.status, took, answer.headers["Retry-After"]))
        return self.seen[-1]


def _wanted(number: int) -> tuple[str, str, dict[str, Any]]:
    topic = f"Topic {number}"
    match number % 4:
        case 0:
            focus = [f"part {part}" for part in range(3)]
            levels = {"educationLevel": "juniorLevel", "levelOfDetail": "lowDetail"}
            return "POST", "/api/create_presentation", {"topic": topic, "focus": focus, **levels}
        case 1:
            return "POST", "/api/quiz/generate", {"topic": topic, "subtopic": "part"}
        case 2:
            return "POST", "/api/recommendations", {"topic": topic}
    return "POST", "/api/create_subtopics", {"topic": topic}


@contextmanager
def crowded(site: Site, workers: list[Callable[[Crowd], None]]) -> Iterator[Crowd]:
    """Each of these in a thread of its own while the block runs."""
    with watched() as lag:
        crowd = Crowd(site.running.port, site.key, lag)
        threads = [threading.Thread(target=each, args=(crowd,), daemon=True) for each in workers]
        for thread in threads:
            thread.start()
        try:
            yield crowd
        finally:
            crowd.end.set()
            for thread in threads:
                thread.join(PATIENCE)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    cwd = tmp_path_factory.mktemp("r9")
    with servers.postgresql(16, "-c", "max_connections=300") as server, serving_gemini() as gemini:
        gemini.say(wire.slow(AI_SECONDS))
        environ = {
            "DATABASE_URL": server.create("r9"),
            "AI_DAILY_BUDGET": "1000000",
            "GUNICORN_MAX_REQUESTS": "0",
            "LOG_FORMAT": "json",
            "RATE_LIMIT_ENABLED": "false",
            **gemini.environment,
        }
        knowctl("db", "init", cwd=cwd, environ=environ)
        keys = [issued(name, cwd, environ) for name in ("user", "admin")]
        command = [sys.executable, "-m", "knowctl", "serve"]
        with serving(command, cwd=cwd, port=free_port(), environ=environ) as running:
            yield Site(running, gemini, *keys)


def issued(role: str, cwd: Path, environ: Mapping[str, str]) -> str:
    """The key of a new user."""
    knowctl("users", "create", f"a-{role}", "--role", role, cwd=cwd, environ=environ)
    done = knowctl("keys", "issue", f"a-{role}", cwd=cwd, environ=environ)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def percentile(seen: list[Seen], share: float = 0.99) -> float:
    times = sorted(each.took for each in seen)
    return times[min(len(times) - 1, int(len(times) * share))]


def capacity(site: Site) -> int:
    """The AI calls that all workers together may make at once."""
    admin = site.running.request("GET", "/api/admin/live", **{"X-API-Key": site.admin}).body
    return sum(each["ai"]["total"] for each in admin["workers"])


def test_two_hundred_learners_on_a_slow_ai_make_nobody_else_wait(site: Site) -> None:
    def probing(path: str) -> Callable[[Crowd], None]:
        return lambda crowd: crowd.probe(path)

    site.gemini.most_at_once = 0
    asked_before = len(site.gemini.asked)
    probes = [probing(HEALTH)] * 2 + [probing(PROGRESS)] * 2
    with crowded(site, [Crowd.generate] * CLIENTS + probes) as crowd:
        time.sleep(UNDER_LOAD)
    generated = [each for each in crowd.seen if each.path not in PROMISED]
    refused = [each for each in generated if each.status == 503]
    served = [each for each in generated if each.status == 200]
    figures = {
        path: round(percentile([each for each in crowd.seen if each.path == path]), 3)
        for path in PROMISED
    }
    print(  # noqa: T201 -- figures of the run
        f"\nR9: p99 {figures}, refused p99 {percentile(refused):.3f} s; "
        f"{len(served)} served, {len(refused)} refused, "
        f"{site.gemini.most_at_once} AI calls at once; lag {crowd.lag.worst():.3f} s"
    )
    statuses = Counter((each.path in PROMISED, each.status) for each in crowd.seen)
    assert set(statuses) == {(True, 200), (False, 200), (False, 503)}
    assert {path: figure for path, figure in figures.items() if figure >= PROMISED[path]} == {}
    assert all(each.retry_after for each in refused)
    assert percentile(refused) < REFUSED
    assert site.gemini.most_at_once <= capacity(site)
    assert len(site.gemini.asked) > asked_before
    assert "Traceback" not in site.running.said()
