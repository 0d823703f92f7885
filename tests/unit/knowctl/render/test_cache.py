from __future__ import annotations

from knowctl.model.cache import CacheCleared, CacheStats, Emptied, StoreCleared, WorkerCache
from knowctl.model.live import Silent
from knowctl.render.style import Style
from knowctl.render.text import of_result

PLAIN = Style(unicode=False, width=100)
ONE = WorkerCache(4301, 3, "redis", 80.0, "", 0, hits=6, misses=2, size=4)
TWO = WorkerCache(4302, 3, "memory", 160.0, "Connection refused.", 1, hits=0, misses=0, size=1)
STORES = (StoreCleared(2), StoreCleared(7))
SILENT = Silent(4303, 3, "no answer in 1.5 s")


def lines_of(result: object) -> list[str]:
    return [" ".join(line.split()) for line in of_result(result, PLAIN).splitlines()]


def test_each_worker_has_a_line_and_degradations_have_their_reason() -> None:
    lines = lines_of(CacheStats((ONE, TWO), (SILENT,), 200.0))
    assert lines[1].split()[:3] == ["3", "4301", "redis"]
    assert lines[2].split()[:3] == ["3", "4302", "memory"]
    assert "75 % of all questions were hits" in lines[5]
    assert lines[6].endswith("memory Connection refused.")
    assert lines[7].endswith("worker 4303: no answer in 1.5 s")


def test_before_the_first_question_there_is_no_rate() -> None:
    assert any("nothing was asked yet" in line for line in lines_of(CacheStats((), (), 0.0)))


def test_what_went_is_told_by_place() -> None:
    done = CacheCleared("a", (Emptied(1, 3, 4), Emptied(2, 3, 1)), (SILENT,), *STORES)
    first, database, second, third = lines_of(done)
    assert first.endswith("namespace a: 5 values in the memory of 2 workers")
    assert database.endswith("database 2 values")
    assert second.endswith("redis 7 values")
    assert third.endswith("worker 4303: no answer in 1.5 s")


def test_what_did_not_go_in_a_store_is_told_with_the_reason() -> None:
    away = StoreCleared(None, "Connection refused.")
    unset = StoreCleared(None, "REDIS_URL is not set")
    first, database, second = lines_of(CacheCleared(None, (), (), away, unset))
    assert database.endswith("nothing was cleared there: Connection refused.")
    assert "everything" in first
    assert second.endswith("nothing was cleared there: REDIS_URL is not set")
