"""Who asks the database, and how much longer it may wait: known to all that waits in between."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from time import monotonic
from typing import Final, Protocol


class Asker(Protocol):
    """A request, as far as the database needs to know it."""

    database_seconds: float
    """What its turns took so far."""

    @property
    def id(self) -> str:
        """The request id, by which its log lines are found."""
        ...

    @property
    def route(self) -> str | None:
        """The rule of its address, once that is known."""
        ...


asker: Final[ContextVar[Asker | None]] = ContextVar("asker", default=None)
"""The request that this thread works on; None in scripts and between requests."""

_end: Final[ContextVar[float | None]] = ContextVar("end", default=None)


@dataclass(slots=True, eq=False)
class Part:
    """A part of what a request does, known by the request, with time of its own."""

    whole: Asker
    database_seconds: float = 0.0

    @property
    def id(self) -> str:
        """The request's."""
        return self.whole.id

    @property
    def route(self) -> str | None:
        """The request's."""
        return self.whole.route


@contextmanager
def part() -> Iterator[None]:
    """A part of a long request: its turns share their time with one another, and with no other's.

    Each thread that works for a request has parts of its own.
    """
    who = asker.get()
    token = asker.set(None if who is None else Part(who))
    try:
        yield
    finally:
        asker.reset(token)


@contextmanager
def turn(seconds: float, clock: Callable[[], float] = monotonic) -> Iterator[None]:
    """A stay with the database: all turns of one request together may wait for `seconds`.

    Of a request in parts that holds for each part. A turn within a turn belongs to it. Without a
    request each wait has its own bound alone: a script may work on one connection for as long as
    it gets answers.
    """
    who = asker.get()
    if who is None or _end.get() is not None:
        yield
        return
    started = clock()
    token = _end.set(started + seconds - who.database_seconds)
    try:
        yield
    finally:
        _end.reset(token)
        who.database_seconds += clock() - started


def left(patience: float, clock: Callable[[], float] = monotonic) -> float:
    """Seconds that a wait may take: `patience`, or the rest of the turn where that is less."""
    end = _end.get()
    return patience if end is None else max(0.0, min(patience, end - clock()))
