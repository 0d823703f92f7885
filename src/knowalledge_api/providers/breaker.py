"""Whether the AI is asked: not for a while after it failed again and again, then by one alone."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from threading import Lock
from time import time
from typing import Final

from knowalledge_api.providers.faults import AiError, Fault

log = logging.getLogger(__name__)

FAILURES: Final = 5
"""Failures in a row that open the breaker."""
REST: Final = 60.0
"""Seconds for which nobody asks then."""
SUCCESSES: Final = 2
"""Successes in a row that close it again."""
COUNTED: Final = frozenset(
    {Fault.TIMEOUT, Fault.UNREACHABLE, Fault.OVERLOADED, Fault.FAILED, Fault.REFUSED}
)
"""What says that the service is in trouble."""
ANSWERED: Final = frozenset({Fault.REJECTED, Fault.BLOCKED, Fault.UNUSABLE})
"""What says that it answers, if not what was wanted."""


class BreakerPhase(StrEnum):
    """Closed: it is asked. Open: it is not. Half open: one asks, and all hope."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True)
class BreakerState:
    """A phase, since when (seconds of the Unix epoch), how often it opened, and why last."""

    phase: BreakerPhase
    since: float
    opened: int
    why: str


class AiBreaker:
    """One for a process and all its threads; `rest` is in seconds."""

    def __init__(self, rest: float = REST, clock: Callable[[], float] = time) -> None:
        self._rest = rest
        self._clock = clock
        self._lock = Lock()
        self._state = BreakerState(BreakerPhase.CLOSED, clock(), 0, "")
        self._in_a_row = 0
        self._trying = False

    def state(self) -> BreakerState:
        """The state as it is now."""
        return self._state

    def reset(self) -> None:
        """Ask from now on, whatever was before."""
        with self._lock:
            self._turn(BreakerPhase.CLOSED)

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Ask in this block; AiError at once while the breaker is open."""
        trial = self._enter()
        try:
            yield
        except AiError as error:
            if error.fault in COUNTED | ANSWERED:
                self._judge(error.fault if error.fault in COUNTED else None, trial=trial)
            raise
        else:
            self._judge(None, trial=trial)
        finally:
            if trial:
                self._trying = False

    def _enter(self) -> bool:
        """Whether this is the one that tries."""
        with self._lock:
            if self._state.phase is BreakerPhase.CLOSED:
                return False
            rest = self._state.since + self._rest - self._clock()
            if self._state.phase is BreakerPhase.OPEN and rest > 0:
                raise AiError(Fault.RESTING, rest)
            if self._trying:
                raise AiError(Fault.RESTING)
            if self._state.phase is BreakerPhase.OPEN:
                self._turn(BreakerPhase.HALF_OPEN)
            self._trying = True
            return True

    def _judge(self, fault: Fault | None, *, trial: bool) -> None:
        """Draw the consequence, unless the phase is another than the call began in."""
        with self._lock:
            if trial is not (self._state.phase is BreakerPhase.HALF_OPEN):
                return
            match self._state.phase, fault:
                case BreakerPhase.CLOSED, None:
                    self._in_a_row = 0
                case BreakerPhase.CLOSED, _:
                    self._in_a_row += 1
                    if self._in_a_row >= FAILURES:
                        self._turn(BreakerPhase.OPEN, fault)
                case BreakerPhase.HALF_OPEN, None:
                    self._in_a_row += 1
                    if self._in_a_row >= SUCCESSES:
                        self._turn(BreakerPhase.CLOSED)
                case BreakerPhase.HALF_OPEN, _:
                    self._turn(BreakerPhase.OPEN, fault)

    def _turn(self, phase: BreakerPhase, why: Fault | None = None) -> None:
        opens = phase is BreakerPhase.OPEN
        self._in_a_row = 0
        self._state = BreakerState(phase, self._clock(), self._state.opened + opens, why or "")
        if opens:
            log.warning("the AI is not asked for %g s: %s", self._rest, why)
        elif phase is BreakerPhase.CLOSED:
            log.info("the AI is asked again")
