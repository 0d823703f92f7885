from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from knowctl.supervisor.generations import (
    FailedError,
    Generation,
    Generations,
    generation_environment,
)
from knowctl.supervisor.loop import Steps
from knowctl.supervisor.processes import Children
from tests.unit.knowctl.supervisor.conftest import HurriedLoop, an_order

PID = 4242


class FakeChildren(Children):
    """Children that are told how they end, and what a prober says."""

    def __init__(self) -> None:
        super().__init__()
        self.codes: dict[int, int] = {}
        self.sent: list[tuple[int, int]] = []
        self.complaint: bytes = b'{"complaint": null}'
        self.gate = self.report = -1
        self.commands: list[Sequence[str]] = []
        self.dies_of = {signal.SIGTERM, signal.SIGKILL, signal.SIGABRT}

    def spawn(
        self, command: Sequence[str], environ: Mapping[str, str], descriptors: Sequence[int] = ()
    ) -> int:
        self.commands.append(command)
        assert "NOTIFY_SOCKET" not in environ
        if "knowctl.supervisor.prober" in command:
            os.write(descriptors[0], self.complaint)
            self.codes[PID + 1] = 0
            return PID + 1
        self.gate = os.dup(descriptors[1])
        self.report = os.dup(descriptors[2])
        return PID

    def exit_code(self, pid: int) -> int | None:
        return self.codes.get(pid)

    def signal(self, pid: int, number: int) -> None:
        self.sent.append((pid, number))
        if number in self.dies_of:
            self.codes.setdefault(pid, -number)

    def signal_group(self, pid: int, number: int) -> None:
        self.signal(pid, number)

    def tell(self, event: str, pid: int = PID, **facts: object) -> None:
        """What the generation reports."""
        os.write(self.report, f"{json.dumps({'event': event, 'pid': pid, **facts})}\n".encode())


@pytest.fixture
def children() -> Iterator[FakeChildren]:
    made = FakeChildren()
    yield made
    if made.report >= 0:
        os.close(made.report)
        os.close(made.gate)


@pytest.fixture
def stage(tmp_path: Path, children: FakeChildren) -> Generations:
    return Generations(HurriedLoop(), children, 0, tmp_path)


def do(stage: Generations, steps: Steps[None]) -> None:
    assert isinstance(stage.loop, HurriedLoop)
    stage.loop.do(steps)


def booted(stage: Generations, children: FakeChildren) -> Generation:
    generation = stage.start(an_order(soak=2.0))
    children.tell("worker", 1)
    children.tell("worker", 2)
    do(stage, stage.boot(generation, 60))
    return generation


def failure(stage: Generations, steps: Steps[None]) -> str:
    with pytest.raises(FailedError) as raised:
        do(stage, steps)
    return str(raised.value)


def heard(stage: Generations, generation: Generation) -> Steps[None]:
    """Wait for the last report of a test."""
    yield from stage.loop.until(lambda: bool(generation.due), 60)


def test_a_generation_boots_when_all_its_workers_are_there(
    stage: Generations, children: FakeChildren
) -> None:
    generation = booted(stage, children)
    assert generation.workers == {1, 2}
    assert generation.directory.stat().st_mode & 0o777 == 0o700
    assert children.commands[0][-2:] == ["gunicorn", str(os.getpid())]


def test_one_that_tells_why_it_fails_is_believed(
    stage: Generations, children: FakeChildren
) -> None:
    generation = stage.start(an_order())
    children.tell("failed", cause="ValueError: x", where="a.py:3")
    children.tell("failed", cause="a later one", where="")
    children.codes[PID] = 1
    assert failure(stage, stage.boot(generation, 60)) == "ValueError: x (a.py:3)"


def test_one_that_ends_without_a_word_is_told_by_its_exit_code(
    stage: Generations, children: FakeChildren
) -> None:
    generation = stage.start(an_order())
    children.codes[PID] = -9
    assert failure(stage, stage.boot(generation, 60)).startswith("it was ended by SIGKILL without")


def test_one_that_hangs_is_told_by_the_line_it_hangs_in(
    stage: Generations, children: FakeChildren
) -> None:
    generation = stage.start(an_order())
    stack = 'Current thread 0x1 (most recent call first):\n  File "slow.py", line 7 in wait\n'
    (generation.directory / "stack").write_text(stack)
    assert failure(stage, stage.boot(generation, 60)) == (
        "it hangs in wait (slow.py:7), 60 s after its start"
    )
    assert (PID, signal.SIGABRT) in children.sent


def test_one_that_hangs_without_a_stack_is_told_by_its_time(
    stage: Generations,
) -> None:
    generation = stage.start(an_order())
    assert failure(stage, stage.boot(generation, 3)) == "it was not there after 3 s"


def test_one_that_lacks_workers_is_told_by_their_number(
    stage: Generations, children: FakeChildren
) -> None:
    generation = stage.start(an_order())
    children.tell("worker", 1)
    assert failure(stage, stage.boot(generation, 3)) == "1 of 2 workers were there after 3 s"


def test_a_proof_asks_every_worker_on_its_own_socket(
    stage: Generations, children: FakeChildren
) -> None:
    generation = booted(stage, children)
    do(stage, stage.prove(generation, [2, 1], ["/ready"], 5))
    errand = json.loads(children.commands[-1][-1])
    assert [Path(each).name for each in errand["workers"]] == ["w-1.sock", "w-2.sock"]
    assert (errand["paths"], errand["tls"]) == (["/ready"], False)


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        (b'{"complaint": "worker 1: /ready answered 503"}', "worker 1: /ready answered 503"),
        (b"", "it could not be asked whether it is ready; the log tells why"),
        (b"[]", "it could not be asked whether it is ready; the log tells why"),
    ],
)
def test_a_complaint_bars_a_candidate(
    stage: Generations, children: FakeChildren, said: bytes, cause: str
) -> None:
    generation = booted(stage, children)
    children.complaint = said
    assert failure(stage, stage.prove(generation, [1], ["/ready"], 5)) == cause


def test_what_dies_while_it_is_watched_is_not_to_serve(
    stage: Generations, children: FakeChildren
) -> None:
    generation = booted(stage, children)
    children.tell("exited", 1)
    assert failure(stage, stage.soak(generation)).startswith("a worker ended right after")


def test_one_that_is_well_soaks_as_long_as_it_has_to(
    stage: Generations, children: FakeChildren
) -> None:
    generation = booted(stage, children)
    before = stage.loop.now()
    do(stage, stage.soak(generation))
    assert stage.loop.now() == before + 2


def test_an_open_gate_is_a_byte_that_nobody_reads(
    stage: Generations, children: FakeChildren
) -> None:
    generation = booted(stage, children)
    stage.open(generation)
    assert generation.state == "serving"
    assert os.read(children.gate, 9) == b"o"


def test_one_that_boots_is_told_that_the_log_has_moved_when_it_serves(
    stage: Generations, children: FakeChildren
) -> None:
    generation = stage.start(an_order())
    stage.reopen_logs()
    assert children.sent == []
    stage.open(generation)
    assert children.sent == [(PID, signal.SIGUSR1)]
    stage.reopen_logs()
    assert children.sent == [(PID, signal.SIGUSR1)] * 2


def test_opening_the_gate_of_one_that_has_just_died_ends_nobody_else(
    stage: Generations, children: FakeChildren
) -> None:
    generation = booted(stage, children)
    os.close(children.gate)
    stage.open(generation)
    children.gate = os.dup(children.report)


def test_a_worker_that_dies_while_it_serves_condemns_nobody(
    stage: Generations, children: FakeChildren
) -> None:
    generation = booted(stage, children)
    stage.open(generation)
    children.tell("exited", 1)
    children.tell("worker", 3)
    children.tell("due", 3)
    do(stage, heard(stage, generation))
    do(stage, stage.prove(generation, [3], ["/health"], 5))
    assert (generation.workers, generation.lost, generation.due) == ({2, 3}, 1, 1)


def test_a_retired_one_is_asked_to_finish_and_leaves_nothing_behind(
    stage: Generations, children: FakeChildren
) -> None:
    generation = booted(stage, children)
    children.dies_of = {signal.SIGKILL}
    before = stage.loop.now()
    do(stage, stage.retire(generation))
    assert stage.loop.now() == before + 30
    assert children.sent[0] == (PID, signal.SIGTERM)
    assert (PID, signal.SIGKILL) in children.sent
    assert stage.alive == []
    assert not generation.directory.exists()
    do(stage, stage.remove(generation, 0))


def test_one_that_cannot_be_started_is_a_failure(stage: Generations) -> None:
    (stage.run_directory / "gen-1").write_text("in the way")
    with pytest.raises(FailedError, match="can't be started"):
        stage.start(an_order())


def test_a_generation_sees_the_settings_and_nothing_that_speaks_to_its_supervisor() -> None:
    environ = {"A": "b", "NOTIFY_SOCKET": "/x", "WEB_CONCURRENCY": "9", "PORT": "1"}
    seen = generation_environment(environ, an_order(environ={"PORT": "2"}), {"number": 1})
    assert seen == {
        "A": "b",
        "PORT": "2",
        "KNOWCTL_RUN_DIR": "/run/knowctl/5000",
        "KNOWCTL_GENERATION": '{"number": 1}',
    }
