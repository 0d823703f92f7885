from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from knowalledge_api.generation import Generation, current, read

pytestmark = pytest.mark.skipif(not hasattr(os, "posix_spawn"), reason="there are no generations")


@pytest.fixture
def pipes() -> Iterator[tuple[Generation, int, int]]:
    gate, opener = os.pipe()
    report, reporter = os.pipe()
    yield Generation(3, Path("/run/x/gen-3"), gate, reporter), opener, report
    for each in (gate, opener, report, reporter):
        try:
            os.close(each)
        except OSError:
            continue  # a test has closed it


def test_a_generation_is_what_its_supervisor_says() -> None:
    facts = {"number": 3, "directory": "/run/x/gen-3", "gate": 4, "report": 5}
    generation = read({"KNOWCTL_GENERATION": json.dumps(facts)})
    assert generation == Generation(3, Path("/run/x/gen-3"), 4, 5)
    assert generation.run_directory == Path("/run/x")
    assert generation.private_socket(7) == Path("/run/x/gen-3/w-7.sock")
    assert generation.live_socket(7) == Path("/run/x/gen-3/live-7.sock")


def test_without_a_supervisor_there_is_none() -> None:
    assert read({}) is None
    assert read({"KNOWCTL_GENERATION": ""}) is None
    assert current() is None


def test_a_byte_opens_the_gate_for_everyone(pipes: tuple[Generation, int, int]) -> None:
    generation, opener, _ = pipes
    assert not generation.is_open()
    os.write(opener, b"o")
    assert generation.is_open()
    assert generation.is_open()


def test_a_gate_that_nobody_holds_is_closed_and_tells_of_it(
    pipes: tuple[Generation, int, int],
) -> None:
    generation, opener, _ = pipes
    os.write(opener, b"o")
    assert not generation.is_orphaned()
    os.close(opener)
    assert generation.is_orphaned()
    assert not generation.is_open()


def test_a_report_is_a_line_and_reaches_nobody_where_nobody_listens(
    pipes: tuple[Generation, int, int],
) -> None:
    generation, _, report = pipes
    generation.tell("worker")
    generation.tell("exited", pid=7)
    lines = os.read(report, 9999).decode().splitlines()
    assert [json.loads(line) for line in lines] == [
        {"event": "worker", "pid": os.getpid()},
        {"event": "exited", "pid": 7},
    ]
    os.close(report)
    generation.tell("worker")
