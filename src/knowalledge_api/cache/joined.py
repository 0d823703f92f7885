"""One cache of two: this process's memory before Redis, and alone while Redis is away."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import Any, TypeVar

from knowalledge_api.cache.flights import Flights
from knowalledge_api.cache.memory import MemoryCache
from knowalledge_api.cache.shared import Found, Made, Shared, clear, cleared
from knowalledge_api.stores.store import Ask, Mode, Store, StoreAwayError

T = TypeVar("T")

HIT, MISS = "hit", "miss"


@dataclass(frozen=True, slots=True)
class CacheState:
    """Where values are kept now, since when and why, what was found, and the entries in memory.

    `since` is in seconds of the Unix epoch.
    """

    mode: Mode
    since: float
    why: str
    degradations: int
    hits: int
    misses: int
    size: int


def _as_it_is(value: Any) -> Any:
    return value


def _uncounted(_namespace: str, _outcome: str) -> None:
    """Nobody counts."""


class Cache:
    """Values of which each namespace has its own; those of Redis are found in memory next time.

    Values are what JSON can hold, or frozen dataclasses of that, and are shared with whoever asks.
    `load` makes a value of what JSON held. `counted` is called with namespace and hit or miss.
    """

    def __init__(
        self,
        store: Store,
        memory: MemoryCache | None = None,
        counted: Callable[[str, str], object] = _uncounted,
        shared: Shared | None = None,
    ) -> None:
        self._store = store
        self._memory = memory or MemoryCache()
        self._counted = counted
        self._shared = shared or Shared(store)
        self._flights: Flights[Made] = Flights()
        self._lock = threading.Lock()
        self._hits = 0
        self._seen: dict[str, int] | None = None
        self._owed: set[str | None] = set()
        store.on_return(self._settle)
        store.on_look(self._follow)

    def get(self, namespace: str, key: str, load: Callable[[Any], T] = _as_it_is) -> T | None:
        """The value, or None where there is none that still lives."""
        value: T | None = self._memory.get(namespace, key)
        if value is None and self._shared.usable:
            value = self._from_redis(namespace, key, load)
        self._counted(namespace, MISS if value is None else HIT)
        return value

    def put(self, namespace: str, key: str, value: Any, seconds: float) -> None:
        """Keep a value for `seconds`, in Redis too where it answers."""
        self._memory.put(namespace, key, value, seconds)
        if self._shared.usable:
            try:
                self._shared.put(namespace, key, value, seconds)
            except StoreAwayError:
                return

    def make_once(
        self,
        namespace: str,
        key: str,
        make: Callable[[], Made],
        load: Callable[[Any], T] = _as_it_is,
        until: float = inf,
    ) -> T:
        """The value that `make` makes, where `get` has found none; raises what that raises.

        However many ask at once, one makes it: one of this process, and with Redis one of all.
        The others wait `until` then at most, in seconds of time.monotonic.
        """
        made, here = self._flights.share(
            (namespace, key), lambda: self._made(namespace, key, make, load, until), until
        )
        answer: T = made.answer if here else made.value
        return answer

    def clear(self, namespace: str | None = None) -> int:
        """Drop a namespace, or everything, here and in Redis; how many values went in both.

        While Redis is away that is owed to it, and done before it is used again.
        """
        dropped = self.forget(namespace)
        if self._shared.usable:
            try:
                return dropped + self._shared.clear(namespace)
            except StoreAwayError:
                self._owe(namespace)
        return dropped

    def forget(self, namespace: str | None = None) -> int:
        """Drop it from this process's memory; how many values went."""
        if self._store.away:
            self._owe(namespace)
        return self._memory.clear(namespace)

    def stats(self) -> CacheState:
        """What was found since the process began, and where values are kept."""
        told, kept = self._store.state(), self._memory.stats()
        return CacheState(
            mode=told.mode,
            since=round(told.since, 3),
            why=told.why,
            degradations=told.degradations,
            hits=kept.hits + self._hits,
            misses=max(0, kept.misses - self._hits),
            size=kept.size,
        )

    def _from_redis(self, namespace: str, key: str, load: Callable[[Any], T]) -> T | None:
        try:
            found = self._shared.get(namespace, key)
        except StoreAwayError:
            return None
        value = None if found is None else self._kept(namespace, key, found, load)
        if value is not None:
            with self._lock:
                self._hits += 1
        return value

    def _kept(self, namespace: str, key: str, found: Found, load: Callable[[Any], T]) -> T | None:
        """A value of Redis, in memory from now on; None where another release wrote it."""
        try:
            value = load(found.value)
        except (TypeError, ValueError, KeyError):
            return None
        self._memory.put(namespace, key, value, found.seconds)
        return value

    def _made(
        self,
        namespace: str,
        key: str,
        make: Callable[[], Made],
        load: Callable[[Any], T],
        until: float,
    ) -> Made:
        """What one of this process makes, unless another one does."""
        known = self._memory.peek(namespace, key)
        if known is not None:  # made between the question and here
            return Made(known, 0, known)

        def make_and_put() -> Made:
            made = make()
            self.put(namespace, key, made.value, made.seconds)
            return made

        if not self._shared.usable:
            return make_and_put()
        made = self._shared.make_once(namespace, key, make_and_put, until)
        if isinstance(made, Made):
            return made
        value = self._kept(namespace, key, made, load)
        return make_and_put() if value is None else Made(value, made.seconds, value)

    def _owe(self, namespace: str | None) -> None:
        with self._lock:
            self._owed.add(namespace)

    def _settle(self, ask: Ask) -> None:
        """Clear in Redis what was cleared while it was away."""
        with self._lock:
            owed = tuple(self._owed)
        for namespace in owed:
            clear(ask, self._store.prefix, namespace)
            with self._lock:
                self._owed.discard(namespace)

    def _follow(self, ask: Ask) -> None:
        """Drop from memory what another process has cleared in Redis."""
        now, before = cleared(ask, self._store.prefix), self._seen
        self._seen = now
        if before is None:
            return
        for namespace, count in now.items():
            if before.get(namespace) != count:
                self._memory.clear(namespace or None)
