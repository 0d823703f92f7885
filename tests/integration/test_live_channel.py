"""A process tells its live state whatever its request threads do, and ends when it has to."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from knowalledge_api.generation import VARIABLE, Generation
from knowalledge_api.live.asking import ask, ask_all
from tests.support.configuration import PASSWORD
from tests.support.database_life import CHECKOUT
from tests.support.processes import clean_environment

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Unix sockets and pipes")

THREADS = 8
LONG = 60.0
SOON = 1.0
"""Seconds in which an answer is there; the quickest of TRIES, as the machine may be busy."""
TRIES = 10
READINGS = 200
DEAREST = 0.005
"""Seconds of CPU that one reading may cost a worker."""

SERVER = """
import os, sys, threading, time
from werkzeug.test import Client
from knowalledge_api.app import create_app, parts_of
from knowalledge_api.auth import policy
from knowalledge_api.generation import current
from knowalledge_api.live.state import Serving

app = create_app()
parts = parts_of(app)


@app.get("/asleep/<secret>")
@policy.public("a test asks")
def asleep(secret):
    time.sleep(600)
    return ""


@app.get("/holding")
@policy.public("a test asks")
def holding():
    with parts.database.connection():
        time.sleep(600)
    return ""


@app.get("/busy")
@policy.public("a test asks")
def busy():
    while True:
        pass


policy.enforce(app)
routes = sys.argv[1:]
parts.live.start(Serving("gunicorn", len(routes), current(), master=os.getppid()))
for number, route in enumerate(routes):
    client = Client(app)
    ask = {"path": route, "headers": {"X-Request-ID": f"r{number}"}}
    ask["environ_base"] = {"REMOTE_ADDR": "192.0.2.7"}
    thread = threading.Thread(target=client.get, kwargs=ask, name=f"request-{number}", daemon=True)
    thread.start()
while len(parts.live.requests.inflight()) < len(routes):
    time.sleep(0.01)
print("ready", flush=True)
sys.stdin.read()
parts.live.stop()
"""


@dataclass
class Worker:
    """A process that serves; `gate` is the end of its gate that the supervisor holds."""

    process: subprocess.Popen[str]
    generation: Generation
    gate: int
    log: Path

    @property
    def place(self) -> Path:
        return self.generation.live_socket(self.process.pid)

    def state(self) -> dict[str, Any]:
        return ask(self.place, {"ask": "state"}, LONG)

    def stacks(self) -> dict[str, Any]:
        return ask(self.place, {"ask": "stacks"}, LONG)

    def records(self, level: str) -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in self.log.read_text().splitlines()]
        return [line for line in lines if line["level"] == level]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "gen-5").mkdir(mode=0o700)
    return tmp_path


@contextmanager
def serving(directory: Path, *routes: str, **settings: str) -> Iterator[Worker]:
    """A worker of generation 5, each of whose threads serves one of the routes."""
    gate, opener = os.pipe()
    facts = {"number": 5, "directory": str(directory / "gen-5"), "gate": gate, "report": 1}
    environ = clean_environment(
        PYTHONPATH=str(CHECKOUT / "src"),
        DATABASE_URL=f"sqlite:///{directory}/x.db",
        KNOWCTL_ENV_FILE=os.devnull,
        LOG_FORMAT="json",
        **{VARIABLE: json.dumps(facts)},
        **settings,
    )
    log = directory / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", SERVER, *routes],
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=output,
            pass_fds=[gate],
            text=True,
        )
    os.close(gate)
    worker = Worker(process, Generation(5, directory / "gen-5", -1, -1), opener, log)
    try:
        assert process.stdout
        assert process.stdout.readline() == "ready\n", log.read_text()
        yield worker
    finally:
        process.kill()
        process.communicate(timeout=LONG)
        if worker.gate >= 0:
            os.close(worker.gate)


def until(holds: Callable[[], object]) -> None:
    end = time.monotonic() + LONG
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def seconds(action: Callable[[], object]) -> float:
    started = time.monotonic()
    action()
    return time.monotonic() - started


def cpu_seconds(pid: int) -> float:
    fields = (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_the_state_is_told_while_every_thread_sleeps(directory: Path) -> None:
    routes = [*[f"/asleep/{PASSWORD}"] * (THREADS - 1), "/holding"]
    with serving(directory, *routes) as worker:
        until(lambda: worker.state()["pool"])
        assert min(seconds(worker.state) for _ in range(TRIES)) < SOON
        state = worker.state()
        os.write(worker.gate, b"!")
        opened = worker.state()
    assert (state["pid"], state["generation"]) == (worker.process.pid, 5)
    assert (state["state"], opened["state"]) == ("waiting", "serving")
    assert state["threads"] == {"busy": THREADS, "total": THREADS}
    assert {each["route"] for each in state["inflight"]} == {"/asleep/<secret>", "/holding"}
    assert {each["address"] for each in state["inflight"]} == {"192.0.2.7"}
    (holder,) = state["pool"]["holders"]
    (holding,) = [each for each in state["inflight"] if each["connection_held_ms"] is not None]
    assert (holder["route"], holder["request_id"]) == ("/holding", holding["id"])
    assert (state["pool"]["in_use"], state["pool"]["open"]) == (1, 1)
    assert PASSWORD not in str(state)


def test_stacks_are_told_while_every_thread_sleeps_and_never_a_variable(directory: Path) -> None:
    with serving(directory, *[f"/asleep/{PASSWORD}"] * THREADS) as worker:
        assert min(seconds(worker.stacks) for _ in range(TRIES)) < SOON
        stacks = worker.stacks()
    asleep = [each for each in stacks["threads"] if each["request"]]
    assert {each["request"]["route"] for each in asleep} == {"/asleep/<secret>"}
    assert {each["name"] for each in asleep} == {f"request-{n}" for n in range(THREADS)}
    assert {each["frames"][-1]["function"] for each in asleep} == {"asleep"}
    assert PASSWORD not in str(stacks)


def test_all_is_told_in_time_while_a_thread_never_rests(directory: Path) -> None:
    with serving(directory, "/busy", *["/asleep/x"] * (THREADS - 1)) as worker:
        quickest = min(seconds(worker.state) + seconds(worker.stacks) for _ in range(TRIES))
        state, stacks = worker.state(), worker.stacks()
    assert quickest < SOON
    assert state["threads"]["busy"] == THREADS
    (busy,) = [each for each in stacks["threads"] if each["name"] == "request-0"]
    assert busy["frames"][-1]["function"] == "busy"


def test_a_reading_costs_little(directory: Path) -> None:
    """F5, with as many requests in flight as the defaults allow."""
    with serving(directory, *["/asleep/x"] * 24) as worker:
        worker.state()
        for question in ("state", "stacks"):
            before = cpu_seconds(worker.process.pid)
            for _ in range(READINGS):
                ask(worker.place, {"ask": question}, LONG)
            each = (cpu_seconds(worker.process.pid) - before) / READINGS
            assert each <= DEAREST


def test_a_frozen_worker_is_silent_and_the_others_answer(directory: Path) -> None:
    with serving(directory, "/asleep/x") as frozen, serving(directory, "/asleep/x") as worker:
        frozen.process.send_signal(signal.SIGSTOP)
        answers = ask_all(directory, {"ask": "state"}, 3 * SOON)
        frozen.process.send_signal(signal.SIGCONT)
    told = {each.pid: (each.answer is not None, each.reason) for each in answers}
    assert told == {
        frozen.process.pid: (False, "no answer in 3 s"),
        worker.process.pid: (True, ""),
    }


def test_a_worker_that_was_killed_is_left_out(directory: Path) -> None:
    with serving(directory, "/asleep/x") as worker:
        worker.process.kill()
        worker.process.wait(LONG)
        assert worker.place.exists()
        assert ask_all(directory, {"ask": "state"}, SOON) == []


def test_a_worker_that_stops_leaves_no_socket(directory: Path) -> None:
    with serving(directory, "/asleep/x") as worker:
        assert worker.place.exists()
        worker.process.communicate("", timeout=LONG)
        assert not worker.place.exists()
        assert worker.process.returncode == 0


def test_a_worker_whose_supervisor_is_gone_ends(directory: Path) -> None:
    """Its parent, which is this test, counts as gunicorn's master, and ends with it."""
    ended: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: ended.append(number))
    try:
        with serving(directory, "/asleep/x") as worker:
            os.close(worker.gate)
            worker.gate = -1
            assert worker.process.wait(LONG) == -signal.SIGTERM
            until(lambda: ended)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert ended == [signal.SIGTERM]


def test_a_worker_all_of_whose_threads_are_stuck_tells_each_once_and_leaves(
    directory: Path,
) -> None:
    with serving(directory, "/asleep/x", "/busy", GUNICORN_TIMEOUT="3600") as worker:
        assert worker.state()["stuck"] == 0
    with serving(directory, "/asleep/x", "/holding", GUNICORN_TIMEOUT="1") as worker:
        assert worker.process.wait(LONG) == 70
        told = worker.records("warning")
        (end,) = worker.records("critical")
        assert not worker.place.exists()
    assert sorted(each["request_id"] for each in told) == ["r0", "r1"]
    assert all("asleep" in each["stack"][-1] or each["route"] == "/holding" for each in told)
    assert {each["route"] for each in end["requests"]} == {"/asleep/<secret>", "/holding"}
