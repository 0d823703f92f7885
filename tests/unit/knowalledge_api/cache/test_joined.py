"""One cache of memory and Redis."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import inf
from time import monotonic
from typing import Any

import pytest

from knowalledge_api.cache import Cache, MemoryCache
from knowalledge_api.cache.shared import Made
from knowalledge_api.stores.store import UNSET, Mode, Store
from tests.support.stores import LOST, FakeLinks, Keys, store_of


@dataclass(frozen=True)
class Thing:
    name: str


def thing_of(kept: Any) -> Thing:
    return Thing(kept["name"])


@dataclass
class Site:
    """Processes that share a Redis, each with a memory of its own."""

    keys: Keys
    links: list[FakeLinks]

    def process(self, counted: Callable[[str, str], object] = lambda *_: None) -> Cache:
        self.links.append(FakeLinks(self.keys))
        return Cache(store_of(self.links[-1]), counted=counted)


@pytest.fixture
def site() -> Site:
    return Site(Keys(), [])


def make() -> Made:
    return Made(Thing("kept"), 10, Thing("made"))


def test_without_redis_it_is_memory() -> None:
    cache = Cache(Store(None))
    cache.put("a", "1", Thing("x"), 9)
    assert cache.get("a", "1") == Thing("x")
    assert cache.get("a", "2") is None
    assert cache.clear() == 1
    told = cache.stats()
    assert (told.mode, told.why, told.hits, told.misses, told.size) == (Mode.MEMORY, UNSET, 1, 1, 0)


def test_what_one_process_keeps_another_finds_and_then_has_itself(site: Site) -> None:
    here, there = site.process(), site.process()
    here.put("a", "1", Thing("x"), 9)
    assert there.get("a", "1", thing_of) == Thing("x")
    asked = len(site.links[1].asked)
    assert there.get("a", "1", thing_of) == Thing("x")
    assert len(site.links[1].asked) == asked
    told = there.stats()
    assert (told.mode, told.hits, told.misses, told.size) == (Mode.REDIS, 2, 0, 1)


def test_hits_and_misses_are_counted_by_namespace(site: Site) -> None:
    counted: list[tuple[str, str]] = []
    cache = site.process(lambda *labels: counted.append(labels))
    cache.get("a", "1")
    cache.put("a", "1", "x", 9)
    cache.get("a", "1")
    assert counted == [("a", "miss"), ("a", "hit")]


def test_what_another_release_wrote_is_not_there(site: Site) -> None:
    site.keys.set("ka:cache:a:1", b"[1]", "PX", 900)
    assert site.process().get("a", "1", thing_of) is None


def test_a_value_from_redis_lives_no_longer_in_memory_than_there(site: Site) -> None:
    class Clock:
        now = 0.0

        def __call__(self) -> float:
            return self.now

    site.keys.set("ka:cache:a:1", b'"x"', "PX", 1500)
    clock = Clock()
    cache = Cache(store_of(FakeLinks(site.keys)), MemoryCache(clock=clock))
    assert cache.get("a", "1") == "x"
    site.keys.values.clear()
    clock.now = 1.4
    assert cache.get("a", "1") == "x"
    clock.now = 1.5
    assert cache.get("a", "1") is None


def test_who_makes_it_has_the_answer_and_the_others_what_is_kept(site: Site) -> None:
    here, there = site.process(), site.process()
    assert here.make_once("a", "1", make, thing_of) == Thing("made")
    assert here.make_once("a", "1", make, thing_of) == Thing("kept")
    assert there.make_once("a", "1", make, thing_of) == Thing("kept")


@pytest.mark.parametrize("redis", [True, False])
def test_however_many_ask_at_once_one_makes_it(site: Site, *, redis: bool) -> None:
    cache = site.process() if redis else Cache(Store(None))
    made: list[int] = []
    go = threading.Event()

    def slowly() -> Made:
        made.append(1)
        go.wait(30)
        return make()

    with ThreadPoolExecutor(8) as threads:
        found = [threads.submit(cache.make_once, "a", "1", slowly, thing_of) for _ in range(8)]
        go.set()
        answers = sorted(each.result(30).name for each in found)
    assert len(made) == 1
    assert answers == ["kept"] * 7 + ["made"]


def test_what_another_process_makes_meanwhile_is_taken(site: Site) -> None:
    cache = site.process()
    site.keys.values["ka:making:a:1"] = b"another's"
    answer = site.links[0].answer

    def arrives(command: Any) -> Any:
        if command[:2] == ("SET", "ka:making:a:1"):
            site.keys.set("ka:cache:a:1", b'{"name": "theirs"}', "PX", 900)
        return answer(command)

    site.links[0].answer = arrives
    assert cache.make_once("a", "1", make, thing_of) == Thing("theirs")
    assert cache.get("a", "1") == Thing("theirs")


def test_who_waits_for_whoever_it_is_waits_until_its_own_time_is_over(site: Site) -> None:
    cache = site.process()
    site.keys.values["ka:making:a:1"] = b"another's"
    began = monotonic()
    until = began + 0.3
    with ThreadPoolExecutor(4) as threads:
        asking = [
            threads.submit(cache.make_once, "a", "1", make, thing_of, until) for _ in range(4)
        ]
        assert {each.result(30) for each in asking} <= {Thing("made"), Thing("kept")}
    assert 0.3 <= monotonic() - began < 3


def test_what_another_release_makes_meanwhile_is_made_here_as_well(site: Site) -> None:
    cache = site.process()
    site.keys.set("ka:cache:a:1", b"[1]", "PX", 900)
    site.keys.set("ka:making:a:1", b"another's", "PX", 900)
    assert cache.make_once("a", "1", make, thing_of) == Thing("made")


def test_what_was_made_between_the_question_and_the_making_is_taken(site: Site) -> None:
    cache = site.process()
    cache.put("a", "1", Thing("x"), 9)
    assert cache._made("a", "1", make, thing_of, inf) == Made(Thing("x"), 0, Thing("x"))


def test_while_redis_is_away_memory_serves(site: Site) -> None:
    cache = site.process()
    cache.put("a", "1", "x", 9)
    site.links[0].broken = LOST
    assert cache.get("a", "1") == "x"
    assert cache.get("a", "2") is None
    cache.put("a", "2", "y", 9)
    assert cache.get("a", "2") == "y"
    assert cache.make_once("a", "3", make) == Thing("made")
    told = cache.stats()
    assert (told.mode, told.why, told.degradations) == (Mode.MEMORY, "Connection refused.", 1)


def test_a_value_that_redis_does_not_take_is_kept_in_memory(site: Site) -> None:
    cache = site.process()
    site.links[0].broken = LOST
    cache.put("a", "1", "x", 9)
    assert cache.get("a", "1") == "x"


def test_clearing_drops_it_in_redis_and_in_every_process(site: Site) -> None:
    here, there = site.process(), site.process()
    for namespace in ("a", "b"):
        here.put(namespace, "1", "x", 9)
        there.get(namespace, "1")
    there._store.look()
    assert here.clear("a") == 2  # one here, one in Redis
    there._store.look()
    assert [there.get(namespace, "1") for namespace in ("a", "b")] == [None, "x"]
    assert here.clear() == 2
    there._store.look()
    assert there.get("b", "1") is None


@pytest.mark.parametrize("first", [True, False])
def test_what_is_cleared_while_redis_is_away_does_not_come_back(site: Site, *, first: bool) -> None:
    """Whether that is known already, or found out by this very clearing."""
    cache = site.process()
    cache.put("a", "1", "x", 9)
    site.links[0].broken = LOST
    if first:
        cache._store.look()
    assert cache.clear("a") == 1
    site.links[0].broken = None
    cache._store.look()
    assert cache._store.usable
    assert cache.get("a", "1") is None
    assert site.keys.values.keys() == {"ka:probe"}


def test_forgetting_leaves_redis_alone(site: Site) -> None:
    cache = site.process()
    cache.put("a", "1", "x", 9)
    assert cache.forget("a") == 1
    assert cache.get("a", "1") == "x"
