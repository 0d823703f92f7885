from __future__ import annotations

import json
import signal
import socket
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest

from knowctl.supervisor.control import Asker
from knowctl.supervisor.generations import FailedError, Generation, Generations
from knowctl.supervisor.hand_over import Prepared
from knowctl.supervisor.journal import Journal
from knowctl.supervisor.loop import Steps
from knowctl.supervisor.order import Order
from knowctl.supervisor.preparation import Preparation
from knowctl.supervisor.processes import Children
from knowctl.supervisor.supervision import Supervisor
from knowctl.supervisor.systemd import Systemd
from tests.unit.knowctl.supervisor.conftest import HurriedLoop, an_order


class FakeChildren(Children):
    """Takes signals, and lets what gets SIGTERM end at once."""

    def __init__(self) -> None:
        super().__init__()
        self.codes: dict[int, int] = {}
        self.sent: list[tuple[int, int]] = []
        self.stubborn = False

    def exit_code(self, pid: int) -> int | None:
        return self.codes.get(pid)

    def signal(self, pid: int, number: int) -> None:
        self.sent.append((pid, number))
        if number in {signal.SIGTERM, signal.SIGKILL} and not self.stubborn:
            self.codes.setdefault(pid, 0)

    def signal_group(self, pid: int, number: int) -> None:
        self.sent.append((-pid, number))
        if number == signal.SIGKILL:
            self.codes.setdefault(pid, -9)


class FakeGenerations(Generations):
    """Generations without processes; `fails` names the step at which a candidate is bad."""

    fails = ""
    opened: tuple[int, ...] = ()
    gentle: tuple[bool, ...] = ()
    proofs: tuple[tuple[str, ...], ...] = ()

    def start(self, order: Order, *, gently: bool = False) -> Generation:
        self._count += 1
        self.gentle += (gently,)
        if self.fails == "start":
            raise FailedError("it can't be started")
        generation = Generation(self._count, order, self.run_directory, 100 + self._count, -1)
        generation.workers = {1, 2}
        self.alive.append(generation)
        return generation

    def boot(self, generation: Generation, seconds: float) -> Steps[None]:
        assert generation in self.alive
        yield from self._step("boot", seconds)

    def prove(
        self, generation: Generation, workers: Collection[int], paths: Any, seconds: float
    ) -> Steps[None]:
        assert workers
        assert generation in self.alive
        self.proofs += (tuple(paths),)
        yield from self._step("prove", seconds)

    def soak(self, generation: Generation) -> Steps[None]:
        yield from self._step("soak", generation.order.soak)

    def open(self, generation: Generation) -> None:
        generation.state = "serving"
        self.opened += (generation.number,)

    def remove(self, generation: Generation, seconds: float) -> Steps[None]:
        self.children.signal(generation.pid, signal.SIGTERM)
        yield seconds
        if generation in self.alive:
            self.alive.remove(generation)

    def _step(self, name: str, seconds: float) -> Steps[None]:
        if self.fails == name:
            raise FailedError(f"bad at {name}")
        assert seconds > 0
        yield 0.1


class FakePreparation(Preparation):
    """A preparation that comes to what a test says."""

    came: tuple[int, Prepared] = (0, Prepared(an_order()))

    def run(self, *, bind: bool, first: bool, seconds: float) -> Steps[tuple[int, Prepared]]:
        assert not bind
        assert not first
        assert seconds > 0
        yield 0.1
        return self.came


class Stage:
    """A supervisor of which every part is a fake but its own decisions."""

    def __init__(self, directory: Path, order: Order) -> None:
        self.loop = HurriedLoop()
        self.children = FakeChildren()
        self.log = directory / "log"
        self.generations = FakeGenerations(self.loop, self.children, 0, directory)
        self.preparation = FakePreparation(self.loop, self.children, [], directory)
        self.preparation.came = (0, Prepared(order))
        self.server = Supervisor(
            loop=self.loop,
            children=self.children,
            generations=self.generations,
            preparation=self.preparation,
            order=order,
            journal=Journal("console", str(self.log)),
            systemd=Systemd(),
        )

    def run(self, steps: Steps[None], seconds: float = 600) -> None:
        """Do this, and what it starts, until all is still."""

        def all_of_it() -> Steps[None]:
            yield from steps
            for _ in range(50):
                yield seconds / 50

        self.loop.do(all_of_it())

    def asked(self, question: str = "reload") -> list[dict[str, Any]]:
        """What one who asks for a reload or a stop is told."""
        ours, theirs = socket.socketpair()
        asker = Asker(theirs)
        if question == "reload":
            self.run(self.server.reload(60, asker), 60)
        else:
            self.server.waiting.append(asker)
            self.run(self.server.stop(), 60)
        with ours, theirs:
            return [json.loads(line) for line in ours.recv(65536).splitlines()]

    def said(self) -> str:
        """What the journal has."""
        return self.log.read_text()


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path, an_order(soak=2.0, drain=5.0, smoke=("/health",)))


def test_the_first_generation_is_proved_and_opened_without_a_soak(stage: Stage) -> None:
    stage.generations.fails = "soak"
    stage.server.drain_file.touch()
    stage.run(stage.server.begin(), 5)
    assert stage.generations.opened == (1,)
    assert stage.generations.proofs == (("/ready", "/health"),)
    assert stage.server.doing == ""
    assert not stage.server.draining
    assert "generation 1 serves: 2 workers x 24 threads" in stage.said()


@pytest.mark.parametrize("step", ["start", "boot", "prove"])
def test_a_first_generation_that_fails_ends_the_server_with_the_cause(
    stage: Stage, step: str
) -> None:
    stage.generations.fails = step
    stage.run(stage.server.begin(), 5)
    assert stage.server.exit_code == 1
    assert stage.generations.opened == ()
    assert stage.generations.alive == []
    assert "the server did not start: " in stage.said()


def test_a_reload_proves_opens_and_then_lets_the_old_one_finish(stage: Stage) -> None:
    stage.run(stage.server.begin(), 5)
    *steps, last = stage.asked()
    assert [each["step"] for each in steps] == ["configuration", "boot", "proof", "soak"]
    assert (last["ok"], last["generation"]) == (True, 2)
    assert stage.generations.opened == (1, 2)
    assert [each.number for each in stage.generations.alive] == [2]
    assert (101, signal.SIGTERM) in stage.children.sent
    assert stage.server.status()["reloads"] == 1


def test_a_start_gives_way_only_to_what_serves(stage: Stage) -> None:
    stage.run(stage.server.begin(), 5)
    stage.asked()
    assert stage.generations.gentle == (False, True)


@pytest.mark.parametrize("step", ["start", "boot", "prove", "soak"])
def test_a_candidate_that_fails_leaves_the_old_one_serving(stage: Stage, step: str) -> None:
    stage.run(stage.server.begin(), 5)
    stage.generations.fails = step
    last = stage.asked()[-1]
    assert (last["ok"], last["code"]) == (False, "reload_failed")
    assert last["message"] == "the reload failed; generation 1 serves on"
    assert [each.number for each in stage.generations.alive] == [1]
    assert stage.server.doing == ""
    assert (101, signal.SIGTERM) not in stage.children.sent


def test_a_configuration_that_does_not_hold_starts_no_candidate(stage: Stage) -> None:
    stage.run(stage.server.begin(), 5)
    stage.preparation.came = (1, Prepared(None, "SECRET_KEY is not set", "set it"))
    last = stage.asked()[-1]
    assert last["cause"] == "SECRET_KEY is not set"
    assert stage.server.status()["generation"] == 1


def test_another_address_takes_a_restart_and_that_is_said(stage: Stage) -> None:
    stage.run(stage.server.begin(), 5)
    stage.preparation.came = (0, Prepared(an_order(url="http://127.0.0.1:6000")))
    assert stage.asked()[-1]["ok"]
    assert "the address stays http://127.0.0.1:5000" in stage.said()


@pytest.mark.parametrize(
    ("hinder", "cause"),
    [
        (lambda server: setattr(server, "doing", "reload"), "another operation is under way"),
        (lambda server: setattr(server, "ending", True), "the server is being stopped"),
        (lambda server: server.drain(on=True), "the server is draining"),
    ],
)
def test_one_operation_at_a_time(stage: Stage, hinder: Any, cause: str) -> None:
    stage.run(stage.server.begin(), 5)
    hinder(stage.server)
    last = stage.asked()[-1]
    assert (last["ok"], last["code"]) == (False, "refused")
    assert last["cause"].startswith(cause)


def test_a_stop_drains_then_lets_everything_finish(stage: Stage) -> None:
    stage.run(stage.server.begin(), 5)
    before = stage.loop.now()
    (last,) = stage.asked("stop")
    assert last == {"ok": True}
    assert stage.loop.now() >= before + 5
    assert stage.server.exit_code == 0
    assert stage.generations.alive == []
    assert not stage.server.draining
    assert "draining: /ready says no for 5 s" in stage.said()


def test_a_stop_asked_for_twice_skips_the_drain(stage: Stage) -> None:
    stage.run(stage.server.begin(), 5)
    stage.server.hurry = 1
    before = stage.loop.now()
    stage.run(stage.server.stop())
    assert stage.loop.now() < before + 5


def test_what_does_not_finish_in_its_time_is_ended(stage: Stage) -> None:
    stage.run(stage.server.begin(), 5)
    stage.children.stubborn = True
    before = stage.loop.now()
    stage.run(stage.server.stop())
    assert before + 5 + 4 <= stage.loop.now() <= before + 5 + 5
    assert stage.generations.alive == []


def test_workers_are_added_and_taken_away_but_never_the_last(stage: Stage) -> None:
    stage.run(stage.server.begin(), 5)
    stage.server.scale(1)
    assert stage.server.status()["workers_wanted"] == 3
    for _ in range(3):
        stage.server.scale(-1)
    assert stage.server.status()["workers_wanted"] == 1
    assert [number for pid, number in stage.children.sent if pid == 101] == [
        signal.SIGTTIN,
        signal.SIGTTOU,
        signal.SIGTTOU,
    ]
    assert "the last worker stays" in stage.said()


def test_a_single_process_is_not_scaled(tmp_path: Path) -> None:
    stage = Stage(tmp_path, an_order(server="waitress", workers=1))
    stage.run(stage.server.begin(), 5)
    stage.server.scale(1)
    assert "nothing to scale" in stage.said()


def test_logs_are_reopened_by_every_generation(stage: Stage) -> None:
    stage.run(stage.server.begin(), 5)
    stage.server.reopen_logs()
    assert (101, signal.SIGUSR1) in stage.children.sent
