"""What was computed before."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from hypothesis import given
from hypothesis import strategies as st

from knowalledge_api.cache.memory import CacheStats, MemoryCache


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_each_entry_lives_its_own_time() -> None:
    clock = Clock()
    cache = MemoryCache(clock=clock)
    cache.put("a", "short", 1, seconds=1)
    cache.put("a", "long", 2, seconds=10)
    cache.put("a", "none", 3, seconds=0)
    clock.now = 0.99
    assert [cache.get("a", key) for key in ("short", "long", "none")] == [1, 2, None]
    clock.now = 1.0
    assert [cache.get("a", key) for key in ("short", "long")] == [None, 2]


@given(st.floats(0.001, 1e6), st.floats(0, 2e6))
def test_an_entry_is_there_until_its_time_is_up(life: float, passed: float) -> None:
    clock = Clock()
    cache = MemoryCache(clock=clock)
    cache.put("a", 1, "value", seconds=life)
    clock.now = passed
    assert (cache.get("a", 1) == "value") == (passed < life)


def test_clearing_a_namespace_leaves_the_others() -> None:
    cache = MemoryCache()
    for namespace, key in (("a", 1), ("a", 2), ("b", 1)):
        cache.put(namespace, key, "x", seconds=9)
    assert cache.clear("a") == 2
    assert (cache.get("a", 1), cache.get("b", 1)) == (None, "x")
    assert cache.clear() == 1
    assert cache.clear() == 0


def test_it_counts_what_it_found() -> None:
    cache = MemoryCache()
    cache.put("a", 1, "x", seconds=9)
    cache.get("a", 1)
    cache.get("a", 2)
    assert cache.stats() == CacheStats(hits=1, misses=1, size=1)


def test_beyond_its_size_the_least_recently_used_goes() -> None:
    cache = MemoryCache(largest=2)
    cache.put("a", 1, "x", seconds=9)
    cache.put("a", 2, "x", seconds=9)
    cache.get("a", 1)
    cache.put("a", 3, "x", seconds=9)
    assert [cache.get("a", key) for key in (1, 2, 3)] == ["x", None, "x"]


def test_threads_share_it() -> None:
    cache = MemoryCache(largest=50)

    def work(number: int) -> None:
        for key in range(200):
            cache.put("a", key, number, seconds=9)
            cache.get("a", key)
            if key % 50 == 0:
                cache.clear("a")

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, range(8)))
    stats = cache.stats()
    assert stats.hits + stats.misses == 8 * 200
    assert stats.size <= 50
