from __future__ import annotations

from dataclasses import dataclass, field

from knowctl.errors import ErrorCode, KnowctlError
from knowctl.model.cache import CacheCleared, CacheStats, Emptied, StoreCleared, WorkerCache
from knowctl.model.live import Silent
from knowctl.services import cache

ONE = WorkerCache(4301, 3, "redis", 100.0, "", 0, hits=6, misses=2, size=4)
SILENT = Silent(4302, 3, "no answer")
GONE = Emptied(4301, 3, 4)


@dataclass
class FakeLive:
    """A server, and in which order it was asked what."""

    done: list[str] = field(default_factory=list)

    def now(self) -> float:
        return 200.0

    def caches(self) -> tuple[tuple[WorkerCache, ...], tuple[Silent, ...]]:
        return (ONE,), (SILENT,)

    def clear_cache(self, namespace: str | None) -> tuple[tuple[Emptied, ...], tuple[Silent, ...]]:
        self.done.append(f"memory {namespace}")
        return (GONE,), (SILENT,)


@dataclass
class FakeStores:
    """A database and a Redis that hold so many values, or are away."""

    live: FakeLive
    holds: int | None = 7
    away: bool = False

    def __call__(self) -> FakeStores:
        return self

    def clear_contents(self, namespace: str | None) -> int:
        self.live.done.append(f"database {namespace}")
        if self.away:
            raise KnowctlError(ErrorCode.DATABASE, "x", cause="Nobody there.", hint="y")
        return 2

    def clear_cache(self, namespace: str | None) -> int | None:
        self.live.done.append(f"redis {namespace}")
        if self.away:
            raise KnowctlError(ErrorCode.REDIS, "x", cause="Connection refused.", hint="y")
        return self.holds


def test_every_worker_tells_of_its_cache() -> None:
    assert cache.stats(FakeLive()) == CacheStats((ONE,), (SILENT,), 200.0)


def test_what_all_share_is_cleared_before_the_workers_memory() -> None:
    live = FakeLive()
    done = cache.clear(live, FakeStores(live), "a")
    assert done == CacheCleared("a", (GONE,), (SILENT,), StoreCleared(2), StoreCleared(7))
    assert live.done == ["database a", "redis a", "memory a"]


def test_what_is_away_is_told_with_the_reason_and_the_rest_is_cleared() -> None:
    live = FakeLive()
    done = cache.clear(live, FakeStores(live, holds=None), None)
    assert done.redis == StoreCleared(None, "REDIS_URL is not set")
    done = cache.clear(live, FakeStores(live, away=True), None)
    assert (done.database, done.redis, done.workers) == (
        StoreCleared(None, "Nobody there."),
        StoreCleared(None, "Connection refused."),
        (GONE,),
    )
