from __future__ import annotations

from knowctl.model.cache import CacheCleared, CacheStats, Emptied, StoreCleared, WorkerCache
from knowctl.model.live import Silent

ONE = WorkerCache(4301, 3, "redis", 100.0, "", 0, hits=6, misses=2, size=4)
TWO = WorkerCache(4302, 3, "memory", 160.0, "Connection refused.", 1, hits=0, misses=0, size=1)
SILENT = (Silent(4303, 3, "no answer"),)


def test_the_sums_are_over_all_workers_that_answered() -> None:
    stats = CacheStats((ONE, TWO), SILENT, 200.0)
    assert stats.total == {"hits": 6, "misses": 2, "size": 5, "hit_rate_percent": 75.0}
    assert stats.data == {"workers": (ONE, TWO), "total": stats.total, "silent": SILENT}
    assert stats.failure is None


def test_before_the_first_question_there_is_no_rate() -> None:
    assert CacheStats((TWO,), (), 200.0).total["hit_rate_percent"] is None


def test_what_was_cleared_is_the_sum_over_all_places() -> None:
    workers = (Emptied(1, 3, 4), Emptied(2, 3, 1))
    done = CacheCleared("a", workers, SILENT, StoreCleared(2), StoreCleared(7))
    assert done.data == {
        "namespace": "a",
        "cleared": 14,
        "memory": 5,
        "database": 2,
        "redis": 7,
        "why": {"database": "", "redis": ""},
        "workers": done.workers,
        "silent": SILENT,
    }
    alone = CacheCleared(None, workers, (), StoreCleared(None, "x"), StoreCleared(None, "y"))
    assert isinstance(alone.data, dict)
    assert (alone.data["cleared"], alone.data["redis"]) == (5, None)
