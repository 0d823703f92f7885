from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from knowctl.errors import ErrorCode, ExitCode, KnowctlError
from knowctl.model.live import (
    Draining,
    Reloaded,
    Silent,
    Supervision,
    SupervisorFacts,
    Workers,
    WorkerStacks,
)
from knowctl.probes import answers
from knowctl.services import live
from knowctl.services.live import Limits
from tests.support import fake_server
from tests.unit.knowctl.conftest import HandClock, Talked

ONE = answers.worker(fake_server.state(4301))
STACKS = answers.stacks(fake_server.stacks(4301))
SILENT = Silent(4302, 3, "no answer in 1 s")
BOTH = Workers((ONE,), (SILENT,))
SAID = answers.supervision(fake_server.supervision())
LATE = KnowctlError(ErrorCode.TIMED_OUT, "f", cause="it hangs", hint="h")


@dataclass
class FakeLive:
    """A server with these workers; it is gone after so many looks."""

    found: Workers = BOTH
    silence: KnowctlError | None = None
    said: Supervision = SAID
    looks: int = 0
    asked: list[object] = field(default_factory=list)

    def now(self) -> float:
        return 7.0

    def record(self) -> SupervisorFacts:
        return SupervisorFacts(4300, 1.0, "gunicorn", "5000", "http://x")

    def supervision(self) -> Supervision:
        if self.silence:
            raise self.silence
        return self.said

    def workers(self) -> Workers:
        return self.found

    def stacks(self) -> tuple[tuple[WorkerStacks, ...], tuple[Silent, ...]]:
        return (STACKS,), (SILENT,)

    def drain(self, *, on: bool) -> Draining:
        return Draining(on)

    def reload(self, seconds: float, say: Callable[[str, str], None]) -> Reloaded:
        self.asked.append(seconds)
        say("boot", "2 workers")
        return Reloaded(4, 1.5)

    def stop(self, seconds: float | None, patience: float, say: Callable[[str, str], None]) -> None:
        self.asked.append((seconds, patience))
        say("drain", "5 s")

    def is_gone(self, pid: int) -> bool:
        assert pid == 4300
        self.looks -= 1
        return self.looks < 0


def test_the_status_has_the_supervisor_and_every_worker() -> None:
    status = live.status(FakeLive())
    assert isinstance(status.supervision, Supervision)
    assert (status.workers.answered, status.workers.silent) == ((ONE,), (SILENT,))
    assert (status.now, status.failure) == (7.0, None)


def test_a_worker_without_a_channel_is_silent() -> None:
    [silent] = live.status(FakeLive(Workers((ONE,)))).workers.silent
    assert silent == Silent(4302, 3, "it has no channel")


def test_a_retiring_worker_without_a_channel_ends() -> None:
    generation = {"number": 2, "state": "retiring", "workers": [4200]}
    said = answers.supervision(fake_server.supervision(generations=[generation]))
    [silent] = live.status(FakeLive(Workers(()), said=said)).workers.silent
    assert silent == Silent(4200, 2, "it ends, and has closed its channel")


def test_where_the_supervisor_is_silent_the_workers_still_tell() -> None:
    status = live.status(FakeLive(silence=LATE))
    assert (status.supervision, status.supervisor.pid) == ("it hangs", 4300)
    assert status.workers.answered == (ONE,)


def test_where_nobody_serves_there_is_no_status() -> None:
    gone = KnowctlError(ErrorCode.NO_SERVER, "f", cause="c", hint="h")
    with pytest.raises(KnowctlError) as raised:
        live.status(FakeLive(silence=gone))
    assert raised.value is gone


def test_requests_of_all_workers_are_told_the_oldest_first() -> None:
    older = [fake_server.request("old", 9000.0), fake_server.request("new", 1.0)]
    two = answers.worker(fake_server.state(4303, inflight=older))
    found = live.inflight(FakeLive(Workers((ONE, two), (SILENT,))))
    assert [(each.pid, each.request.age_ms) for each in found.requests] == [
        (4303, 9000.0),
        (4301, 4321.5),
        (4303, 1.0),
    ]
    assert found.silent == (SILENT,)


def test_stacks_are_those_of_all_or_of_the_one_that_was_named() -> None:
    everyone = live.stacks(FakeLive())
    assert (everyone.workers, everyone.silent) == ((STACKS,), (SILENT,))
    one = live.stacks(FakeLive(), 4301)
    assert (one.workers, one.silent) == ((STACKS,), ())
    other = live.stacks(FakeLive(), 4302)
    assert (other.workers, other.silent) == ((), (SILENT,))


def test_a_worker_that_is_none_is_wrong_usage() -> None:
    with pytest.raises(KnowctlError) as raised:
        live.stacks(FakeLive(), 7)
    failure = raised.value.failure
    assert (failure.exit_code, failure.cause) == (
        ExitCode.USAGE,
        "those that run are 4301, 4302",
    )


def test_draining_is_what_was_asked_for() -> None:
    assert live.drain(FakeLive(), on=True) == Draining(draining=True)
    assert live.drain(FakeLive(), on=False) == Draining(draining=False)


def test_a_reload_is_told_step_by_step() -> None:
    server, talk = FakeLive(), Talked()
    assert live.reload(server, 60, talk) == Reloaded(4, 1.5)
    assert (server.asked, talk.steps) == ([60], [("boot", "2 workers")])


def test_a_stop_waits_until_the_supervisor_is_gone() -> None:
    server, clock, talk = FakeLive(looks=3), HandClock(), Talked()
    done = live.stop(server, Limits(None, 40), clock.clock, talk)
    assert (done.pid, done.seconds) == (4300, 0.15)
    assert server.asked == [(None, 42.0)]
    assert talk.steps == [("drain", "5 s")]


def test_a_stop_that_is_not_over_in_time_is_exit_code_3() -> None:
    clock = HandClock()
    with pytest.raises(KnowctlError) as raised:
        live.stop(FakeLive(looks=10_000), Limits(10, 40), clock.clock, Talked())
    failure = raised.value.failure
    assert (failure.code, failure.exit_code) == (ErrorCode.TIMED_OUT, ExitCode.TIMED_OUT)
    assert failure.message == "the server is still there after 10 s"
    assert "4300" in failure.cause
    assert 11.9 < clock.at <= 12
