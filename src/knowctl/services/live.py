"""What a running server does, asked of its supervisor and workers; drained, reloaded, stopped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

from knowctl.errors import ErrorCode, ExitCode, KnowctlError
from knowctl.model.live import (
    Draining,
    Placed,
    Reloaded,
    RequestsInFlight,
    Silent,
    Stacks,
    Status,
    Stopped,
    Supervision,
    SupervisorFacts,
    Workers,
    WorkerStacks,
)
from knowctl.model.serving import Talk
from knowctl.services.clock import Clock

PAUSE: Final = 0.05
ENDING: Final = "it ends, and has closed its channel"
LAST_STEPS: Final = 2.0
"""Seconds beyond the limit: a supervisor that ends the rest at its limit has to go, too."""


class Say(Protocol):
    """Somebody who is told of steps."""

    def __call__(self, name: str, detail: str, /) -> None:
        """A step is done."""


class Live(Protocol):
    """A running server."""

    def now(self) -> float:
        """Seconds of the Unix epoch."""

    def record(self) -> SupervisorFacts:
        """Who the supervisor is, without asking it."""

    def supervision(self) -> Supervision:
        """What the supervisor says; KnowctlError where it says nothing."""

    def workers(self) -> Workers:
        """What every worker says."""

    def stacks(self) -> tuple[tuple[WorkerStacks, ...], tuple[Silent, ...]]:
        """Where every thread is, and who does not say."""

    def drain(self, *, on: bool) -> Draining:
        """Let /ready say no, or no longer."""

    def reload(self, seconds: float, say: Say) -> Reloaded:
        """Change over to new code; KnowctlError with the cause where that fails."""

    def stop(self, seconds: float | None, patience: float, say: Say) -> None:
        """Ask it to end, and listen at most for `patience` seconds."""

    def is_gone(self, pid: int) -> bool:
        """Whether that supervisor has ended."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a stop may take: `wanted` by the person, else `usual`; in seconds."""

    wanted: float | None
    usual: float

    @property
    def longest(self) -> float:
        """The one that counts."""
        return self.usual if self.wanted is None else self.wanted


def status(live: Live) -> Status:
    """The whole server; where its supervisor is silent, its workers still tell."""
    try:
        said = live.supervision()
    except KnowctlError as error:
        _raise_unless_silent(error)
        return Status(live.record(), error.failure.cause, live.workers(), live.now())
    return Status(said.supervisor, said, _all_of(said, live.workers()), live.now())


def inflight(live: Live) -> RequestsInFlight:
    """Every request that is being served, the oldest first."""
    found = live.workers()
    placed = (
        Placed(worker.pid, worker.generation, request)
        for worker in found.answered
        for request in worker.inflight
    )
    oldest = sorted(placed, key=lambda each: -each.request.age_ms)
    return RequestsInFlight(tuple(oldest), found.silent)


def stacks(live: Live, worker: int | None = None) -> Stacks:
    """Where every thread is, of that worker alone where one is named."""
    told, silent = live.stacks()
    if worker is None:
        return Stacks(told, silent)
    pids = [each.pid for each in told] + [each.pid for each in silent]
    if worker not in pids:
        raise _no_such_worker(worker, pids)
    return Stacks(
        tuple(each for each in told if each.pid == worker),
        tuple(each for each in silent if each.pid == worker),
    )


def drain(live: Live, *, on: bool) -> Draining:
    """Let load balancers look away, or back."""
    return live.drain(on=on)


def reload(live: Live, seconds: float, talk: Talk) -> Reloaded:
    """Change over to new code and configuration, told step by step."""
    return live.reload(seconds, talk.step)


def stop(live: Live, limits: Limits, clock: Clock, talk: Talk) -> Stopped:
    """Ask the server to end, and wait until it is gone; exit code 3 where it is not in time."""
    pid, began = live.record().pid, clock.now()
    deadline = began + limits.longest + LAST_STEPS
    live.stop(limits.wanted, deadline - began, talk.step)
    while not live.is_gone(pid):
        if clock.now() + PAUSE > deadline:
            raise _still_there(pid, limits.longest)
        clock.sleep(PAUSE)
    return Stopped(pid, round(clock.now() - began, 2))


def _all_of(said: Supervision, found: Workers) -> Workers:
    """The workers, with those that the supervisor knows and that have no channel."""
    told = {each.pid for each in found.answered} | {each.pid for each in found.silent}
    missing = (
        Silent(pid, each.number, ENDING if each.state == "retiring" else "it has no channel")
        for each in said.generations
        for pid in each.workers
        if pid not in told
    )
    return Workers(found.answered, (*found.silent, *missing))


def _raise_unless_silent(error: KnowctlError) -> None:
    failure = error.failure
    if failure.code not in {ErrorCode.CHANNEL, ErrorCode.TIMED_OUT}:
        raise error


def _no_such_worker(worker: int, pids: list[int]) -> KnowctlError:
    return KnowctlError(
        ErrorCode.USAGE,
        f"there is no worker {worker}",
        cause=f"those that run are {', '.join(map(str, pids)) or 'none'}",
        hint="knowctl status lists them",
        exit_code=ExitCode.USAGE,
    )


def _still_there(pid: int, seconds: float) -> KnowctlError:
    return KnowctlError(
        ErrorCode.TIMED_OUT,
        f"the server is still there after {seconds:g} s",
        cause=f"process {pid}, its supervisor, drains, waits for requests, or hangs",
        hint=f"knowctl inflight shows them; kill {pid} hurries it; at last: kill -9 {pid}",
        exit_code=ExitCode.TIMED_OUT,
    )
