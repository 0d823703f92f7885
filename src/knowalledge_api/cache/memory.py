"""What was computed before, in this process's memory: bounded, each entry with its own life."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final

from cachetools import TLRUCache

LARGEST: Final = 2048


@dataclass(frozen=True, slots=True)
class CacheStats:
    """Questions that found an answer and those that did not, and the entries there are."""

    hits: int
    misses: int
    size: int


@dataclass(frozen=True, slots=True)
class _Entry:
    value: Any
    seconds: float


class MemoryCache:
    """The least recently used entries give way beyond `largest` of them. Safe between threads.

    Values are shared with whoever asks, so they have to be immutable.
    """

    def __init__(self, largest: int = LARGEST, clock: Callable[[], float] = time.monotonic) -> None:
        self._entries: TLRUCache[tuple[str, Hashable], _Entry] = TLRUCache(
            largest, ttu=lambda _key, entry, now: now + entry.seconds, timer=clock
        )
        self._lock = Lock()
        self._hits = 0
        self._misses = 0

    def get(self, namespace: str, key: Hashable) -> Any:
        """The value, or None where there is none that still lives."""
        with self._lock:
            try:
                entry = self._entries[namespace, key]
            except KeyError:
                self._misses += 1
                return None
            self._hits += 1
            return entry.value

    def peek(self, namespace: str, key: Hashable) -> Any:
        """What `get` finds, without counting that somebody asked."""
        with self._lock:
            entry = self._entries.get((namespace, key))
            return None if entry is None else entry.value

    def put(self, namespace: str, key: Hashable, value: Any, seconds: float) -> None:
        """Keep a value for `seconds`; none or fewer keep nothing."""
        with self._lock:
            self._entries[namespace, key] = _Entry(value, seconds)

    def clear(self, namespace: str | None = None) -> int:
        """Drop a namespace, or everything; how many entries went."""
        with self._lock:
            self._entries.expire()
            doomed = [key for key in self._entries if namespace in {None, key[0]}]
            for key in doomed:
                del self._entries[key]
            return len(doomed)

    def stats(self) -> CacheStats:
        """Counts since the process began."""
        with self._lock:
            self._entries.expire()
            return CacheStats(self._hits, self._misses, len(self._entries))
