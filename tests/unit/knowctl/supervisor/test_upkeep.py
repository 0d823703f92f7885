from __future__ import annotations

import signal
from pathlib import Path

import pytest

from knowctl.supervisor.loop import Steps
from tests.unit.knowctl.supervisor.conftest import an_order
from tests.unit.knowctl.supervisor.test_supervision import Stage


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    made = Stage(tmp_path, an_order(tls=True))  # without it workers are asked on real sockets
    made.run(made.server.begin(), 5)
    return made


def wait(stage: Stage, seconds: float) -> None:
    def steps() -> Steps[None]:
        yield seconds

    stage.run(steps(), 1)


def dies(stage: Stage) -> None:
    """The first process of what serves is killed."""
    assert stage.server.current
    stage.children.codes[stage.server.current.pid] = -9


def test_a_generation_that_dies_is_replaced_at_once_by_one_that_has_to_answer(
    stage: Stage,
) -> None:
    assert stage.server.current
    stage.server.current.since -= 100
    dies(stage)
    wait(stage, 5)
    assert stage.generations.opened == (1, 2)
    assert stage.generations.gentle == (False, False)
    assert stage.generations.proofs[-1] == ("/health",)
    assert stage.server.status()["restarts"] == 1
    assert (-101, signal.SIGTERM) in stage.children.sent
    assert "generation 1 is gone: it was ended by SIGKILL" in stage.said()


def test_quick_deaths_are_given_growing_pauses_and_then_up(stage: Stage) -> None:
    stage.generations.fails = "boot"
    dies(stage)
    wait(stage, 100)
    said = stage.said()
    assert [f"starts in {pause} s" in said for pause in (1, 2, 4, 8)] == [True] * 4
    assert "giving up after 5 deaths in a row" in said
    assert stage.server.exit_code == 1
    assert stage.generations.alive == []


def test_a_generation_that_could_not_start_may_be_mended_by_a_reload(stage: Stage) -> None:
    stage.generations.fails = "boot"
    dies(stage)
    wait(stage, 2)
    stage.generations.fails = ""
    wait(stage, 5)
    assert stage.server.current
    assert stage.server.exit_code == 0


def test_a_worker_that_is_due_is_replaced_before_it_goes(stage: Stage) -> None:
    generation = stage.server.current
    assert generation
    generation.due = 1
    wait(stage, 0.5)
    assert (101, signal.SIGTTIN) in stage.children.sent
    assert (101, signal.SIGTTOU) not in stage.children.sent
    generation.workers.add(3)
    wait(stage, 60)
    assert stage.generations.proofs[-1] == ("/health",)
    assert stage.children.sent[-1] == (101, signal.SIGTTOU)
    assert stage.server.doing == ""
    generation.lost = 1
    wait(stage, 40)
    assert (stage.server.recycled, generation.due) == (1, 0)


def test_a_replacement_that_is_not_well_is_told_and_stops_no_recycling(stage: Stage) -> None:
    generation = stage.server.current
    assert generation
    stage.generations.fails = "prove"
    generation.due = 1
    wait(stage, 0.5)
    generation.workers.add(3)
    wait(stage, 70)
    assert (101, signal.SIGTTOU) in stage.children.sent
    assert "a worker that replaces another is not well: bad at prove" in stage.said()


def test_a_replacement_that_does_not_come_is_told(stage: Stage) -> None:
    assert stage.server.current
    stage.server.current.due = 1
    wait(stage, 70)
    assert "is not well: none was there after 60 s" in stage.said()


@pytest.mark.parametrize("hindrance", ["drain", "reload"])
def test_nobody_is_replaced_while_the_server_drains_or_reloads(
    stage: Stage, hindrance: str
) -> None:
    if hindrance == "drain":
        stage.server.drain(on=True)
    else:
        stage.server.doing = hindrance
    assert stage.server.current
    stage.server.current.due = 1
    wait(stage, 30)
    assert (101, signal.SIGTTIN) not in stage.children.sent


def test_without_tls_a_worker_that_is_not_there_is_asked_in_vain(tmp_path: Path) -> None:
    stage = Stage(tmp_path, an_order())
    stage.run(stage.server.begin(), 5)
    proofs = stage.generations.proofs
    assert stage.server.current
    stage.server.current.due = 1
    wait(stage, 0.5)
    stage.server.current.workers.add(3)
    wait(stage, 70)
    assert "is not well: worker 3 does not answer /health" in stage.said()
    assert stage.generations.proofs == proofs
