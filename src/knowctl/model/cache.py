"""The cache of a running server: what each worker has in memory, and what was cleared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from knowctl.model.live import Silent
from knowctl.model.results import Succeeded


@dataclass(frozen=True, slots=True)
class WorkerCache:
    """A worker's cache: redis or memory, since when (Unix time) and why, what it found, entries."""

    pid: int
    generation: int
    mode: str
    since: float
    why: str
    degradations: int
    hits: int
    misses: int
    size: int


@dataclass(frozen=True, slots=True)
class CacheStats(Succeeded):
    """The caches of all workers; `now` is when they were asked, in Unix time."""

    workers: tuple[WorkerCache, ...]
    silent: tuple[Silent, ...]
    now: float

    @property
    def total(self) -> Mapping[str, Any]:
        """The sums; the rate in per cent, None before the first question."""
        sums = {
            name: sum(getattr(each, name) for each in self.workers)
            for name in ("hits", "misses", "size")
        }
        asked = sums["hits"] + sums["misses"]
        rate = round(100 * sums["hits"] / asked, 1) if asked else None
        return {**sums, "hit_rate_percent": rate}

    @property
    def data(self) -> object:
        """One row a worker, the sums, and who did not answer."""
        return {"workers": self.workers, "total": self.total, "silent": self.silent}


@dataclass(frozen=True, slots=True)
class Emptied:
    """A worker that has dropped what it had in memory, and how many values that were."""

    pid: int
    generation: int
    cleared: int


@dataclass(frozen=True, slots=True)
class StoreCleared:
    """What servers share, and how many values went there: None where none, for the reason."""

    cleared: int | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class CacheCleared(Succeeded):
    """What went: a namespace, or everything where it is None."""

    namespace: str | None
    workers: tuple[Emptied, ...]
    silent: tuple[Silent, ...]
    database: StoreCleared
    redis: StoreCleared

    @property
    def data(self) -> object:
        """How many values went in all, and where."""
        memory = sum(each.cleared for each in self.workers)
        shared = (self.database.cleared or 0) + (self.redis.cleared or 0)
        return {
            "namespace": self.namespace,
            "cleared": memory + shared,
            "memory": memory,
            "database": self.database.cleared,
            "redis": self.redis.cleared,
            "why": {"database": self.database.why, "redis": self.redis.why},
            "workers": self.workers,
            "silent": self.silent,
        }
