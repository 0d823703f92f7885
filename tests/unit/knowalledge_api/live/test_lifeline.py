"""The tie to the supervisor."""

from __future__ import annotations

import os
import signal

import pytest

from knowalledge_api.live.lifeline import Lifeline

MASTER = 4711


class World:
    """Where the supervisor may be gone, and signals are noted."""

    def __init__(self) -> None:
        self.gone = True
        self.parent = MASTER
        self.sent: list[tuple[int, signal.Signals]] = []

    def lifeline(self, master: int | None) -> Lifeline:
        return Lifeline(
            lambda: self.gone,
            master,
            lambda pid, number: self.sent.append((pid, number)),
            lambda: self.parent,
        )


def test_while_the_supervisor_lives_nothing_happens() -> None:
    world = World()
    world.gone = False
    world.lifeline(MASTER).look()
    assert world.sent == []


def test_when_it_is_gone_the_master_ends_first_then_this_process_and_both_once() -> None:
    world = World()
    lifeline = world.lifeline(MASTER)
    lifeline.look()
    lifeline.look()
    assert world.sent == [(MASTER, signal.SIGTERM), (os.getpid(), signal.SIGTERM)]


@pytest.mark.parametrize(("master", "parent"), [(MASTER, 1), (None, MASTER)])
def test_a_parent_that_is_not_the_master_is_left_alone(master: int | None, parent: int) -> None:
    world = World()
    world.parent = parent
    world.lifeline(master).look()
    assert world.sent == [(os.getpid(), signal.SIGTERM)]
