"""Requests that take too long: each is told once, and a process with no other left is replaced."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Thread
from time import perf_counter
from typing import Any, Final, Protocol

from knowalledge_api.live.requests import InFlight, Requests
from knowalledge_api.live.stacks import stack_of

log = logging.getLogger(__name__)

LAST_WORDS: Final = 2.0
"""Seconds for the log to take the last record before the process ends."""


class Apart(Protocol):
    """Runs a task, and comes back when it is done or `seconds` have passed."""

    def __call__(self, task: Callable[[], None], seconds: float) -> None:
        """Run it."""
        ...


def in_another_thread(task: Callable[[], None], seconds: float) -> None:
    """Run a task whatever becomes of it: a log that nobody reads may be what all are stuck in."""
    thread = Thread(target=task, name="last-words", daemon=True)
    thread.start()
    thread.join(seconds)


@dataclass(slots=True)
class StuckWatch:
    """Looks for requests older than `limit` seconds, among `threads` that serve them.

    `replace` ends the process so that another takes its place; None where none would.
    """

    requests: Requests
    limit: float
    threads: int = 0
    replace: Callable[[], None] | None = None
    apart: Apart = in_another_thread
    clock: Callable[[], float] = perf_counter
    count: int = 0
    _told: set[tuple[str, float]] = field(default_factory=set)
    _lost: bool = False

    def look(self) -> None:
        """Tell of those that have become stuck since; replace the process where all are."""
        inflight = self.requests.inflight()
        before = self.clock() - self.limit
        stuck = {_key(each): each for each in inflight if each.started < before}
        fresh = [request for key, request in stuck.items() if key not in self._told]
        self._told = set(stuck)
        self.count += len(fresh)
        records = [self._record(request) for request in fresh]
        lost = len(stuck) == len(inflight) >= max(1, self.threads)
        if lost and not self._lost:
            self._give_up(records, inflight)
        elif records:
            self.apart(lambda: tell(records), 0)
        self._lost = lost

    def _give_up(self, fresh: list[dict[str, Any]], inflight: list[InFlight]) -> None:
        records = [self._record(request) for request in inflight]

        def last_words() -> None:
            tell(fresh)
            tell_the_end(records)

        self.apart(last_words, LAST_WORDS)
        if self.replace is not None:
            self.replace()

    def _record(self, request: InFlight) -> dict[str, Any]:
        return {
            "request_id": request.id,
            "method": request.method,
            "route": request.route,
            "age_s": round(self.clock() - request.started, 1),
            "stack": stack_of(request.thread),
        }


def tell(records: list[dict[str, Any]]) -> None:
    """One warning a request."""
    for record in records:
        log.warning("a request is stuck", extra=record)


def tell_the_end(records: list[dict[str, Any]]) -> None:
    """One record with all of them."""
    log.critical("every thread of this process is stuck", extra={"requests": records})


def _key(request: InFlight) -> tuple[str, float]:
    return request.id, request.started
