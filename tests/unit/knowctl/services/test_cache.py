from __future__ import annotations

from dataclasses import dataclass, field

from knowctl.errors import ErrorCode, KnowctlError
from knowctl.model.cache import CacheCleared, CacheStats, Emptied, WorkerCache
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
class FakeRedis:
    """A Redis that holds so many values, or is away."""

    live: FakeLive
    holds: int | None = 7
    away: bool = False

    def __call__(self) -> FakeRedis:
        return self

    def clear_cache(self, namespace: str | None) -> int | None:
        self.live.done.append(f"redis {namespace}")
        if self.away:
            raise KnowctlError(ErrorCode.REDIS, "x", cause="Connection refused.", hint="y")
        return self.holds


def test_every_worker_tells_of_its_cache() -> None:
    assert cache.stats(FakeLive()) == CacheStats((ONE,), (SILENT,), 200.0)


def test_redis_is_cleared_before_the_workers_memory() -> None:
    live = FakeLive()
    done = cache.clear(live, FakeRedis(live), "a")
    assert done == CacheCleared("a", (GONE,), (SILENT,), 7)
    assert live.done == ["redis a", "memory a"]


def test_without_redis_the_workers_are_cleared_and_the_reason_is_told() -> None:
    live = FakeLive()
    assert cache.clear(live, FakeRedis(live, holds=None), None).why == "REDIS_URL is not set"
    done = cache.clear(live, FakeRedis(live, away=True), None)
    assert (done.redis, done.why, done.workers) == (None, "Connection refused.", (GONE,))
