from __future__ import annotations

import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from knowctl.supervisor.hand_over import Prepared, of_text
from knowctl.supervisor.loop import Steps
from knowctl.supervisor.preparation import REMINDER, Preparation
from knowctl.supervisor.processes import Children
from tests.unit.knowctl.supervisor.conftest import HurriedLoop, an_order

if TYPE_CHECKING:
    import pytest


class FakeChildren(Children):
    """A child that hands over an order at once, or never ends, or ends without a word."""

    def __init__(self, *, code: int | None, speaks: bool) -> None:
        super().__init__()
        self.code, self.speaks = code, speaks
        self.command: Sequence[str] = ()
        self.environ: Mapping[str, str] = {}
        self.signals: list[int] = []

    def spawn(
        self, command: Sequence[str], environ: Mapping[str, str], descriptors: Sequence[int] = ()
    ) -> int:
        self.command, self.environ = command, environ
        if self.speaks:
            errand = of_text(command[-1])
            type(errand)(descriptors[0], errand.bind, errand.first).send(an_order(), [])
        return 7

    def exit_code(self, pid: int) -> int | None:
        assert pid == 7
        return self.code

    def signal(self, pid: int, number: int) -> None:
        assert pid == 7
        self.signals.append(number)

    def signal_group(self, pid: int, number: int) -> None:
        self.signal(pid, number)


def prepared(children: FakeChildren, *, first: bool = True) -> tuple[int, Prepared]:
    loop = HurriedLoop()
    results: list[tuple[int, Prepared]] = []

    def steps() -> Steps[None]:
        preparation = Preparation(loop, children, ["serve", "--workers", "2"], Path.cwd())
        results.append((yield from preparation.run(bind=first, first=first, seconds=9)))

    loop.do(steps())
    return results[0]


def test_a_preparation_has_the_words_of_the_command_and_an_errand(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", "/run/systemd")
    children = FakeChildren(code=0, speaks=True)
    code, came = prepared(children)
    assert (code, came.order) == (0, an_order())
    words = ["-m", "knowctl", "serve", "--workers", "2", "--hand-over", "3:bind:first"]
    assert children.command[2:] == words
    assert "NOTIFY_SOCKET" not in children.environ


def test_at_a_reload_it_is_quiet_and_takes_nothing() -> None:
    children = FakeChildren(code=0, speaks=True)
    prepared(children, first=False)
    assert children.command[-3:] == ["-q", "--hand-over", "3:bound:again"]


def test_one_that_fails_without_a_word_is_told_by_its_exit_code() -> None:
    code, came = prepared(FakeChildren(code=2, speaks=False))
    assert (code, came.order) == (2, None)
    assert came.cause == "the preparation failed: it ended with code 2; its output tells why"


def test_one_that_takes_too_long_is_ended() -> None:
    children = FakeChildren(code=None, speaks=False)
    code, came = prepared(children)
    assert (code, came.cause) == (3, "the preparation took longer than 9 s")
    assert children.signals


def test_one_can_be_interrupted_while_it_runs_and_only_then() -> None:
    children = FakeChildren(code=0, speaks=True)
    loop = HurriedLoop()
    preparation = Preparation(loop, children, [], Path.cwd())
    loop.do(preparation.interrupt())
    assert children.signals == []


def test_one_that_loses_an_interruption_is_interrupted_again() -> None:
    children = FakeChildren(code=None, speaks=False)
    loop = HurriedLoop()
    preparation = Preparation(loop, children, [], Path.cwd())

    def steps() -> Steps[None]:
        yield 1.0
        yield from preparation.interrupt()

    def runs() -> Steps[None]:
        yield from preparation.run(bind=True, first=True, seconds=2 + 2 * REMINDER)

    loop.start(runs())
    loop.do(steps())
    assert children.signals == [*[signal.SIGINT] * 3, signal.SIGKILL]


def test_one_whose_directory_is_gone_is_a_failure_that_says_so(tmp_path: Path) -> None:
    children, loop = FakeChildren(code=0, speaks=True), HurriedLoop()
    came: list[tuple[int, Prepared]] = []

    def steps() -> Steps[None]:
        gone = Preparation(loop, children, [], tmp_path / "current")
        came.append((yield from gone.run(bind=False, first=False, seconds=9)))

    loop.do(steps())
    assert came == [
        (1, Prepared(None, f"can't work in {tmp_path}/current: No such file or directory"))
    ]
    assert children.command == ()
