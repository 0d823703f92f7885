from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from knowalledge_api.generation import current
from knowalledge_api.live.asking import ask
from knowctl.probes import run_directory
from knowctl.supervisor.alone import Alone
from tests.unit.knowctl.conftest import a_serving


@pytest.fixture
def directory() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="ka-") as made:
        yield Path(made)


@pytest.fixture
def done() -> list[object]:
    return []


@pytest.fixture
def alone(directory: Path, done: list[object]) -> Alone:
    serving = replace(a_serving(), server="waitress", workers=1, run_directory=str(directory))
    return Alone(serving, directory, lambda: done.append("end"), done.append)


def test_the_commands_find_it_and_no_longer_when_it_has_left(
    alone: Alone, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KNOWCTL_GENERATION", "")
    assert current() is None
    (directory / "drain").touch()
    watch = alone.begin()
    try:
        assert run_directory.record_of(directory) == alone.facts()
        status = ask(directory / "control.sock", {"do": "status"}, 20)
        generation = current()
    finally:
        alone.leave(watch)
        monkeypatch.undo()
        current.cache_clear()
    assert (status["ok"], status["generation"], status["draining"]) == (True, 1, False)
    assert status["generations"][0]["workers"] == [os.getpid()]
    assert generation is not None
    assert generation.is_open()
    assert not generation.is_orphaned()
    generation.tell("worker")
    assert run_directory.record_of(directory) is None
    assert not (directory / "control.sock").exists()


def test_it_drains_and_serves_again(alone: Alone, directory: Path) -> None:
    assert alone.answer({"do": "drain"}) == {"ok": True, "draining": True}
    assert (directory / "drain").exists()
    assert alone.answer({"do": "drain", "on": False}) == {"ok": True, "draining": False}
    assert not (directory / "drain").exists()


def test_a_stop_drains_then_ends(alone: Alone, directory: Path, done: list[object]) -> None:
    alone.stop()
    assert done == [5.0, "end"]
    assert (directory / "drain").exists()


@pytest.mark.parametrize("question", [{"do": "reload"}, {"do": "dance"}, {}])
def test_a_reload_is_a_stop_and_a_start_and_that_is_said(
    alone: Alone, question: dict[str, str]
) -> None:
    answer = alone.answer(question)
    assert (answer["ok"], answer["code"]) == (False, "refused")
    assert "knowctl stop, then knowctl serve" in answer["hint"]
    assert json.dumps(answer)
