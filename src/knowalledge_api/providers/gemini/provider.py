"""Gemini as a writer: asked within its limits, tried again, and believed when checked."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from knowalledge_api.metrics.recording import AI_CALLS, AI_REFUSED, AI_SECONDS, AI_TOKENS
from knowalledge_api.providers.breaker import AiBreaker
from knowalledge_api.providers.capacity import Capacity
from knowalledge_api.providers.faults import AiError, Fault
from knowalledge_api.providers.gemini.client import Reply
from knowalledge_api.providers.gemini.drafts import UnusableError, accepted
from knowalledge_api.providers.gemini.prompts import VERSION, Prompt, prompt_for
from knowalledge_api.providers.protocol import Account, Terms
from knowalledge_api.providers.tasks import Result, Task

log = logging.getLogger(__name__)

GEMINI: Final = "gemini"
ATTEMPTS: Final = 3
"""Calls for one answer, where the first ones failed in a way that passes."""
PASSING: Final = frozenset({Fault.OVERLOADED, Fault.FAILED, Fault.UNREACHABLE})
FIRST_PAUSE: Final = 0.5
"""Seconds of the first pause at most; each one after it is twice as long, and all are random."""
LONGEST_PAUSE: Final = 10.0
"""Seconds; whoever is to wait longer is told so, and keeps no place from others meanwhile."""
UNASKED: Final = frozenset({Fault.BUSY, Fault.RESTING, Fault.SPENT, Fault.LATE})
"""Why Gemini is not even called."""
SHORTEST_CALL: Final = 0.5
"""Seconds below which a call is not begun."""


class Client(Protocol):
    """Who makes one call."""

    @property
    def model(self) -> str:
        """The model that answers."""
        ...

    def ask(self, prompt: Prompt, seconds: float) -> Reply:
        """The answer, or AiError."""
        ...


@dataclass(frozen=True, slots=True)
class Clock:
    """Seconds, waiting for them, and chance between 0 and 1."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random


@dataclass(frozen=True, slots=True)
class GeminiProvider:
    """`call_seconds`: what one call may take. `capacity` are the calls at once."""

    client: Client
    account: Account
    capacity: Capacity
    breaker: AiBreaker
    call_seconds: float
    clock: Clock = Clock()

    @property
    def source(self) -> str:
        """The writer's name."""
        return GEMINI

    @property
    def version(self) -> str:
        """The model and the prompts."""
        return f"{self.client.model}/{VERSION}"

    def write(self, task: Task[Result], terms: Terms) -> Result:
        """What Gemini makes of the task; AiError and DatabaseUnavailableError where nothing."""
        try:
            return self._written(task, terms)
        except AiError as error:
            if error.fault in UNASKED:
                AI_REFUSED.labels(error.fault).inc()
            raise

    def _written(self, task: Task[Result], terms: Terms) -> Result:
        prompt = prompt_for(task)
        with self.capacity.place(self._left(terms) if terms.patient else 0):
            try:
                return self._tried(task, prompt, terms)
            except AiError as error:
                if error.fault is not Fault.UNUSABLE:
                    raise
            return self._tried(task, prompt, terms)

    def _tried(self, task: Task[Result], prompt: Prompt, terms: Terms) -> Result:
        """The answer of a few calls, as long as there is time for another one."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._called(task, prompt, terms)
            except AiError as error:
                pause = error.wanted_after + self._jitter(attempt)
                waits = pause <= min(LONGEST_PAUSE, self._left(terms) - SHORTEST_CALL)
                if attempt == ATTEMPTS or error.fault not in PASSING or not waits:
                    raise
                self.clock.sleep(pause)
        raise AssertionError("unreachable")

    def _called(self, task: Task[Result], prompt: Prompt, terms: Terms) -> Result:
        """What one call gives: counted and paid for, whatever comes of it."""
        seconds = min(self.call_seconds, self._left(terms))
        if seconds < SHORTEST_CALL:
            raise AiError(Fault.LATE)
        with self.breaker.guard():
            self.account.spend()
            outcome: str = Fault.FAILED
            try:
                result = _checked(task, self._answer(prompt, seconds, terms.user))
            except AiError as error:
                outcome = error.fault
                raise
            else:
                outcome = "ok"
                return result
            finally:
                AI_CALLS.labels(GEMINI, outcome).inc()

    def _answer(self, prompt: Prompt, seconds: float, user: int | None) -> Reply:
        began = self.clock.now()
        try:
            reply = self.client.ask(prompt, seconds)
        finally:
            AI_SECONDS.labels(GEMINI).inc(self.clock.now() - began)
        AI_TOKENS.labels(GEMINI, "input").inc(reply.input_tokens)
        AI_TOKENS.labels(GEMINI, "output").inc(reply.output_tokens)
        self.account.tally(user, reply.input_tokens, reply.output_tokens)
        return reply

    def _jitter(self, attempt: int) -> float:
        """Seconds of a pause by chance: who failed together does not come back together."""
        return FIRST_PAUSE * 2.0 ** (attempt - 1) * self.clock.chance()

    def _left(self, terms: Terms) -> float:
        return max(0.0, terms.until - self.clock.now())


def _checked(task: Task[Result], reply: Reply) -> Result:
    if reply.fault is not None:
        raise AiError(reply.fault)
    try:
        return accepted(task, reply.text)
    except UnusableError as error:
        log.warning("Gemini's answer can't be used: %s", error)
        raise AiError(Fault.UNUSABLE) from error
