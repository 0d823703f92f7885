"""Counting and measuring in this process: the hot path, where labels are resolved once."""

from __future__ import annotations

import logging
import os
from bisect import bisect_left
from pathlib import Path
from threading import Lock
from time import time
from typing import Final

from knowalledge_api.metrics import table
from knowalledge_api.metrics.cells import Cells, in_file, in_private
from knowalledge_api.metrics.files import BusyError, Directory, Gathered
from knowalledge_api.metrics.table import BUCKETS, METHODS, OTHER, UNMATCHED, Series, key_of

log = logging.getLogger(__name__)

MOST_LABELS: Final = 100
"""Combinations of labels of one counter; what comes beyond them is counted as other."""

Places = tuple[int, int, tuple[int, ...], int, int]
"""Where one kind of exchange is counted: requests, seconds, buckets, bytes in and out."""


class Recorder:
    """The numbers of one process: private, or in a directory that all workers share.

    Safe between threads. `shared` is the directory of processes without a supervisor to make
    one, named before they are forked; `begin` comes after that.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self.shared: Path | None = None
        self._directory: Directory | None = None
        self._descriptor = -1
        self._cells: Cells = in_private()
        self._places: dict[str, int] = {}
        self._exchanges: dict[tuple[str, str | None, int], Places] = {}
        self._since = time()

    def begin(self, directory: Path | None = None) -> None:
        """Count from zero, in a file of this directory, else of the shared one.

        Where that can't be had this process counts for itself, and says so.
        """
        directory = directory or self.shared
        place = Directory(directory) if directory else None
        descriptor, cells = -1, in_private()
        if place is not None:
            try:
                descriptor = place.begin()
                cells = in_file(descriptor)
            except (OSError, BusyError) as error:
                log.warning("this worker's metrics are left out of the sums: %s", error)
                descriptor, place = _closed(descriptor), None
        self._use(cells, descriptor, place)
        self.add(table.WORKERS_STARTED.name)

    def end(self) -> None:
        """Count this process as one that ended in order, and leave its file to the others."""
        self.add(table.WORKERS_ENDED.name)
        self._use(in_private(), -1, None)

    def observe(  # noqa: PLR0913, PLR0917 -- what is told of a request; names cost time here
        self,
        method: str,
        route: str | None,
        status: int,
        seconds: float,
        request_bytes: int,
        response_bytes: int,
    ) -> None:
        """Count a request that has ended; `route` is its rule, None where none matched."""
        kind = (method, route, status)
        with self._lock:
            requests, total, buckets, received, sent = self._exchanges.get(kind) or self._exchange(
                *kind
            )
            values = self._cells.values
            values[requests] += 1
            values[total] += seconds
            values[buckets[bisect_left(BUCKETS, seconds)]] += 1
            values[received] += request_bytes
            values[sent] += response_bytes

    def add(self, key: str, amount: float = 1.0) -> None:
        """Add to a number."""
        with self._lock:
            place = self._places.get(key)
            self._cells.values[self._allot(key) if place is None else place] += amount

    def put(self, key: str, number: float) -> None:
        """Set a number: a gauge, or what somebody else counts."""
        with self._lock:
            place = self._places.get(key)
            self._cells.values[self._allot(key) if place is None else place] = number

    def gather(self) -> Gathered:
        """The numbers of all workers, those of this one alone where they share nothing.

        Raises BusyError, and OSError where the directory is gone.
        """
        directory = self._directory
        if directory is not None:
            return directory.gather()
        with self._lock:
            return Gathered(self._cells.numbers(), 1, self._since)

    def _use(self, cells: Cells, descriptor: int, directory: Directory | None) -> None:
        with self._lock:
            before, self._cells = self._cells, cells
            self._places, self._exchanges = {}, {}
            self._directory, self._since = directory, time()
            before.close()
            _closed(self._descriptor)
            self._descriptor = descriptor

    def _exchange(self, method: str, route: str | None, status: int) -> Places:
        """Places of a kind of exchange; what clients invent is not kept."""
        method = method if method in METHODS else OTHER
        known = self._exchanges.get((method, route, status))
        if known is not None:
            return known
        named = UNMATCHED if route is None else route
        bounds = (*(f"{bound:g}" for bound in BUCKETS), "+Inf")
        places = (
            self._allot(key_of(table.REQUESTS.name, method, named, str(status))),
            self._allot(key_of(f"{table.DURATION.name}_sum", named)),
            tuple(self._allot(key_of(f"{table.DURATION.name}_bucket", named, le)) for le in bounds),
            self._allot(key_of(table.REQUEST_BYTES.name, named)),
            self._allot(key_of(table.RESPONSE_BYTES.name, named)),
        )
        self._exchanges[method, route, status] = places
        return places

    def _allot(self, key: str) -> int:
        place = self._places.get(key)
        if place is None:
            place = self._places[key] = self._cells.allot(key)
        return place


class Child:
    """A counter with its labels, to be kept by who counts often."""

    __slots__ = ("_key", "_recorder")

    def __init__(self, recorder: Recorder, key: str) -> None:
        self._recorder = recorder
        self._key = key

    def inc(self, amount: float = 1.0) -> None:
        """Count."""
        self._recorder.add(self._key, amount)


class LabelledCounter:
    """A counter of the table that other parts increment; spoken to as prometheus-client's."""

    def __init__(self, series: Series, recorder: Recorder) -> None:
        self._series = series
        self._recorder = recorder
        self._children: dict[tuple[str, ...], Child] = {}

    def labels(self, *labels: str) -> Child:
        """The counter of these labels, in the order of the table."""
        child = self._children.get(labels)
        return self._make(labels) if child is None else child

    def _make(self, labels: tuple[str, ...]) -> Child:
        if len(labels) != len(self._series.labels):
            raise ValueError(f"{self._series.name} has the labels {self._series.labels}")
        if len(self._children) >= MOST_LABELS:
            return Child(self._recorder, key_of(self._series.name, *[OTHER] * len(labels)))
        child = Child(self._recorder, key_of(self._series.name, *labels))
        return self._children.setdefault(labels, child)


def _closed(descriptor: int) -> int:
    if descriptor >= 0:
        os.close(descriptor)
    return -1


RECORDER: Final = Recorder()
observe: Final = RECORDER.observe
LIMITED: Final = LabelledCounter(table.LIMITED, RECORDER)
CACHE: Final = LabelledCounter(table.CACHE, RECORDER)
DEGRADED: Final = LabelledCounter(table.DEGRADED, RECORDER)
AI_CALLS: Final = LabelledCounter(table.AI_CALLS, RECORDER)
AI_REFUSED: Final = LabelledCounter(table.AI_REFUSED, RECORDER)
AI_SECONDS: Final = LabelledCounter(table.AI_SECONDS, RECORDER)
AI_TOKENS: Final = LabelledCounter(table.AI_TOKENS, RECORDER)
DATABASE_UNAVAILABLE: Final = LabelledCounter(table.DATABASE_UNAVAILABLE, RECORDER)
