"""The requests in flight, and how long the latest ones took."""

from __future__ import annotations

from collections import deque
from itertools import count
from typing import Final, NamedTuple, Protocol

LATEST: Final = 512
"""Finished requests that the percentiles are of."""
MILLISECONDS: Final = 1000


class InFlight(Protocol):
    """A request that is being served."""

    @property
    def id(self) -> str:
        """The request id, by which its log lines are found."""
        ...

    @property
    def method(self) -> str:
        """GET, POST and so on."""
        ...

    @property
    def route(self) -> str | None:
        """The rule of its address, once that is known."""
        ...

    @property
    def address(self) -> str:
        """Where it came from, empty where the server does not say."""
        ...

    @property
    def thread(self) -> int:
        """The identity of the thread that serves it."""
        ...

    @property
    def started(self) -> float:
        """When it began, by time.perf_counter()."""
        ...


class Served(NamedTuple):
    """How many requests ended, and percentiles of the latest ones, None before the first."""

    number: int
    p50_ms: float | None
    p99_ms: float | None


class Requests:
    """The requests of one process.

    Entering and leaving take no lock: each is one operation of a dict or a deque, which no other
    thread can interrupt.
    """

    def __init__(self) -> None:
        self._inflight: dict[int, InFlight] = {}
        self._latest: deque[tuple[int, float]] = deque(maxlen=LATEST)
        self._number = count(1)

    def enter(self, request: InFlight) -> None:
        """A request begins."""
        self._inflight[id(request)] = request

    def leave(self, request: InFlight, seconds: float) -> None:
        """A request has ended, after so many seconds; a second time changes nothing."""
        if self._inflight.pop(id(request), None) is not None:
            self._latest.append((next(self._number), seconds))

    def number_in_flight(self) -> int:
        """How many are being served."""
        return len(self._inflight)

    def inflight(self) -> list[InFlight]:
        """Those that are being served, the oldest first."""
        return sorted(self._inflight.copy().values(), key=lambda request: request.started)

    def served(self) -> Served:
        """Those that have ended."""
        latest = self._latest.copy()
        if not latest:
            return Served(0, None, None)
        ranked = sorted(seconds for _, seconds in latest)
        number = max(number for number, _ in latest)
        return Served(number, _percentile(ranked, 50), _percentile(ranked, 99))


def _percentile(ranked: list[float], percent: int) -> float:
    """The nearest rank: the least value that so many percent do not exceed, in milliseconds."""
    rank = -(-len(ranked) * percent // 100)
    return round(ranked[rank - 1] * MILLISECONDS, 3)
