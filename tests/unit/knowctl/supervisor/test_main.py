from __future__ import annotations

import errno
import json
import os
import signal
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from knowctl.supervisor.__main__ import CAUGHT, DRAINING, SERVING, Main, working_directory
from knowctl.supervisor.control import Asker
from knowctl.supervisor.hand_over import Prepared
from knowctl.supervisor.loop import Steps
from knowctl.supervisor.order import Order
from knowctl.supervisor.preparation import Preparation
from knowctl.supervisor.systemd import Systemd
from tests.unit.knowctl.supervisor.conftest import HurriedLoop, an_order
from tests.unit.knowctl.supervisor.test_supervision import FakeChildren, FakePreparation, Stage


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    made = Stage(tmp_path, an_order())
    made.run(made.server.begin(), 5)
    return made


def main_of(stage: Stage, *, on_terminal: bool = False, serving: bool = True) -> Main:
    preparation = FakePreparation(stage.loop, stage.children, [], Path.cwd())
    made = Main(stage.loop, stage.children, preparation, Systemd(), (), on_terminal)
    made.supervisor = stage.server if serving else None
    return made


def answer(main: Main, question: dict[str, Any], stage: Stage) -> dict[str, Any]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        main.answer(question, Asker(theirs))

        def nothing() -> Any:
            yield 0

        stage.run(nothing(), 60)
        last: dict[str, Any] = json.loads(ours.recv(65536).splitlines()[-1])
        return last


def test_commands_are_answered(stage: Stage) -> None:
    main = main_of(stage)
    assert answer(main, {"do": "status"}, stage)["generation"] == 1
    assert answer(main, {"do": "drain"}, stage) == {"ok": True, "draining": True}
    assert stage.said().endswith(f"{DRAINING}\n"), "who looks why /ready says no finds when"
    assert answer(main, {"do": "drain", "on": False}, stage) == {"ok": True, "draining": False}
    assert stage.said().endswith(f"{SERVING}\n")
    assert answer(main, {"do": "reload", "timeout": "soon"}, stage)["generation"] == 2
    assert not answer(main, {"do": "dance"}, stage)["ok"]
    assert answer(main, {"do": "stop"}, stage) == {"ok": True}


@pytest.mark.parametrize(
    ("number", "on_terminal", "seen"),
    [
        (signal.SIGTERM, False, lambda stage: stage.server.ending),
        (signal.SIGINT, False, lambda stage: stage.server.ending),
        (signal.SIGHUP, True, lambda stage: stage.server.ending),
        (signal.SIGHUP, False, lambda stage: stage.server.reloads == 1),
        (signal.SIGUSR1, False, lambda stage: (101, signal.SIGUSR1) in stage.children.sent),
        (signal.SIGTTIN, False, lambda stage: stage.server.extra == 1),
        (signal.SIGTTOU, False, lambda stage: stage.server.extra == -1),
        (signal.SIGCHLD, False, lambda stage: not stage.server.ending),
    ],
)
def test_signals_are_acted_on(
    stage: Stage, number: int, *, on_terminal: bool, seen: Callable[[Stage], bool]
) -> None:
    main_of(stage, on_terminal=on_terminal).react(number)

    def nothing() -> Any:
        yield 0

    stage.run(nothing(), 60)
    assert seen(stage)


def test_a_second_signal_hurries(stage: Stage) -> None:
    main = main_of(stage)
    main.react(signal.SIGTERM)
    main.react(signal.SIGTERM)
    main.react(signal.SIGINT)
    assert stage.server.hurry == 2


def test_a_second_command_to_stop_waits_with_the_first_and_hurries_nobody(stage: Stage) -> None:
    main = main_of(stage)
    main.react(signal.SIGTERM)
    assert answer(main, {"do": "stop"}, stage) == {"ok": True}
    assert stage.server.hurry == 0


def test_what_prepares_can_be_ended_and_nothing_else(stage: Stage) -> None:
    main = main_of(stage, serving=False)
    main.react(signal.SIGHUP)
    main.react(signal.SIGTTIN)
    assert main.interrupted == 0
    main.react(signal.SIGTERM)
    assert main.interrupted == signal.SIGTERM


@dataclass
class FirstPreparation(Preparation):
    """The first one, which comes to what a test says, a while after `number` was sent."""

    number: int = 0
    came: tuple[int, Prepared] = (1, Prepared(None))

    def run(self, *, bind: bool, first: bool, seconds: float) -> Steps[tuple[int, Prepared]]:
        assert bind
        assert first
        assert seconds > 0
        os.kill(os.getpid(), self.number)
        yield 1.0
        return self.came


@pytest.fixture
def own_signals() -> Iterator[None]:
    """What a run catches is the process's own again afterwards."""
    before = {number: signal.getsignal(number) for number in CAUGHT}
    yield
    signal.set_wakeup_fd(-1)
    for number, handler in before.items():
        signal.signal(number, handler)


def ended(number: int, code: int, order: Order | None = None) -> int:
    """The exit code of a run whose preparation ended with a code, after a signal or none."""
    loop, children = HurriedLoop(), FakeChildren()
    preparation = FirstPreparation(loop, children, [], Path.cwd(), number=number)
    preparation.came = code, Prepared(order, "" if order else "it was ended by SIGKILL")
    return Main(loop, children, preparation, Systemd(), (), on_terminal=False).run()


@pytest.mark.usefixtures("own_signals")
@pytest.mark.parametrize(
    ("number", "code", "ends"),
    [
        (signal.SIGTERM, 130, 0),
        (signal.SIGINT, 130, 130),
        (signal.SIGINT, -signal.SIGINT, 130),
        (0, 3, 3),
        (0, -signal.SIGKILL, 1),
    ],
)
def test_what_ends_a_preparation_is_the_exit_code(
    number: int, code: int, ends: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(number, code) == ends
    assert capsys.readouterr().err == ("it was ended by SIGKILL\n" if ends == 1 else "")


@pytest.mark.usefixtures("own_signals")
def test_a_socket_bound_for_a_server_that_is_stopped_first_is_removed(tmp_path: Path) -> None:
    bound = tmp_path / "public"
    bound.touch()
    assert ended(signal.SIGTERM, 0, an_order(url=f"unix:{bound}")) == 0
    assert not bound.exists()


def test_signs_of_life_begin_no_later_than_the_watchdog_expects(stage: Stage) -> None:
    main = main_of(stage, serving=False)
    assert next(main.signs_of_life()) == 5.0
    main.systemd = Systemd(watchdog=0.5)
    assert next(main.signs_of_life()) == 0.5


def test_the_working_directory_is_the_one_that_the_shell_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "release").mkdir()
    (tmp_path / "current").symlink_to("release")
    monkeypatch.chdir(tmp_path / "release")
    assert working_directory(str(tmp_path / "current")) == tmp_path / "current"
    for misleading in (None, "", "current", str(tmp_path), str(tmp_path / "missing")):
        assert working_directory(misleading) == Path.cwd()


def test_a_bug_ends_a_start_and_nothing_that_serves(stage: Stage) -> None:
    ended: list[str] = []
    main = main_of(stage)
    main.loop.end = lambda: ended.append("end")  # type: ignore[method-assign]  # the loop stands still
    main._tell_of(ValueError("x"))
    assert ended == []
    stage.server.doing = "start"
    main._tell_of(ValueError("y"))
    assert ended == ["end"]
    assert stage.server.exit_code == 1
    assert "this is a bug in knowctl: ValueError('y')" in stage.said()


def test_a_disk_that_is_full_is_named_and_is_no_bug(stage: Stage) -> None:
    main = main_of(stage)
    main._tell_of(OSError(errno.ENOSPC, "No space left on device"))
    assert f"{stage.server.order.run_directory}: No space left on device" in stage.said()
    assert "bug" not in stage.said()
