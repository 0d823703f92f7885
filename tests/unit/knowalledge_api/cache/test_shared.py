"""The part of the cache that Redis keeps."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from knowalledge_api.cache.shared import LEASE, Clock, Found, Made, Shared, cleared
from knowalledge_api.stores.links import Command
from knowalledge_api.stores.store import StoreAwayError
from tests.support.stores import LOST, FakeLinks, Keys, store_of

PATIENCE = 10.0


class Time:
    """Time that passes while somebody sleeps, and what happens meanwhile."""

    def __init__(self, keys: Keys) -> None:
        self.now = 0.0
        self.keys = keys
        self.slept: list[float] = []
        self.then: list[Any] = []

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept.append(seconds)
        if self.then:
            self.then.pop(0)()

    @property
    def clock(self) -> Clock:
        return Clock(lambda: self.now, self.sleep)


def shared_of(keys: Keys, prefix: str = "ka:") -> tuple[Shared, Time, FakeLinks]:
    links, time = FakeLinks(keys), Time(keys)
    return Shared(store_of(links, prefix), time.clock), time, links


def make() -> Made:
    return Made("made", 5, "made here")


def test_a_value_is_json_under_our_prefix_with_its_life() -> None:
    keys = Keys()
    shared, _, _ = shared_of(keys)
    shared.put("a", "1", {"x": ["力"]}, 1.5)
    assert orjson.loads(keys.values["ka:cache:a:1"]) == {"x": ["力"]}
    assert keys.lives["ka:cache:a:1"] == 1500
    assert shared.get("a", "1") == Found({"x": ["力"]}, 1.5)
    assert shared.get("a", "2") is None


def test_a_value_without_a_life_is_not_kept() -> None:
    keys = Keys()
    shared_of(keys)[0].put("a", "1", "x", 0)
    assert keys.values == {}


@pytest.mark.parametrize(("content", "life"), [(b"{", 500), (b"1", 0), (b"1", -1)])
def test_what_can_not_be_read_or_lives_no_more_is_not_there(content: bytes, life: int) -> None:
    keys = Keys({"ka:cache:a:1": content}, {"ka:cache:a:1": life})
    assert shared_of(keys)[0].get("a", "1") is None


def test_one_who_has_the_lock_makes_it_and_gives_the_lock_back() -> None:
    keys = Keys()
    shared, time, _ = shared_of(keys)

    def look() -> Made:
        assert keys.lives["ka:making:a:1"] == LEASE * 1000
        assert "ka:making:a:1" in keys.values
        return make()

    assert shared.make_once("a", "1", look, PATIENCE) == make()
    assert (keys.values, time.slept) == ({}, [])


def test_a_lock_is_given_back_though_making_failed() -> None:
    keys = Keys()

    def fail() -> Made:
        raise LookupError("in vain")

    with pytest.raises(LookupError):
        shared_of(keys)[0].make_once("a", "1", fail, PATIENCE)
    assert keys.values == {}


def test_a_lock_that_another_has_by_now_is_left_alone() -> None:
    keys = Keys()

    def slow() -> Made:
        keys.values["ka:making:a:1"] = b"another's"
        return make()

    shared_of(keys)[0].make_once("a", "1", slow, PATIENCE)
    assert keys.values == {"ka:making:a:1": b"another's"}


def test_the_others_wait_for_what_one_makes() -> None:
    keys = Keys({"ka:making:a:1": b"another's"})
    shared, time, _ = shared_of(keys)

    def arrives() -> None:
        keys.set("ka:cache:a:1", b'"theirs"', "PX", 900)

    time.then = [lambda: None, arrives]
    assert shared.make_once("a", "1", make, PATIENCE) == Found("theirs", 0.9)
    assert time.slept == [0.02, 0.04]


def test_where_the_one_gave_up_the_next_makes_it() -> None:
    keys = Keys({"ka:making:a:1": b"another's"})
    shared, time, _ = shared_of(keys)
    time.then = [keys.values.clear]
    assert shared.make_once("a", "1", make, PATIENCE) == make()


def test_what_was_made_before_the_lock_was_had_is_taken_and_the_lock_given_back() -> None:
    keys = Keys({"ka:making:a:1": b"another's"})
    shared, time, _ = shared_of(keys)

    def done() -> None:
        keys.set("ka:cache:a:1", b'"theirs"', "PX", 900)
        del keys.values["ka:making:a:1"]

    time.then = [done]
    assert shared.make_once("a", "1", make, PATIENCE) == Found("theirs", 0.9)
    assert keys.values.keys() == {"ka:cache:a:1"}


def test_a_lock_is_kept_for_as_long_as_its_holder_works_and_no_longer() -> None:
    keys = Keys()
    store = store_of(FakeLinks(keys))
    shared = Shared(store)

    def slow() -> Made:
        keys.lives["ka:making:a:1"] = 1
        store.look()
        assert keys.lives["ka:making:a:1"] == LEASE * 1000
        return make()

    def lost() -> Made:
        keys.set("ka:making:a:2", b"another's", "PX", 1)
        store.look()
        assert keys.lives["ka:making:a:2"] == 1
        return make()

    shared.make_once("a", "1", slow, PATIENCE)
    shared.make_once("a", "2", lost, PATIENCE)
    keys.set("ka:making:a:1", b"another's", "PX", 1)
    store.look()
    assert keys.lives["ka:making:a:1"] == 1


def test_two_who_make_the_same_after_a_lock_was_lost_end_in_any_order() -> None:
    keys = Keys()
    shared, _, _ = shared_of(keys)

    def loses_it() -> Made:
        keys.values.clear()
        return shared.make_once("a", "1", make, PATIENCE)  # type: ignore[return-value]  # it makes

    assert shared.make_once("a", "1", loses_it, PATIENCE) == make()
    assert keys.values == {}


def test_nobody_waits_beyond_their_time() -> None:
    keys = Keys({"ka:making:a:1": b"another's"})
    shared, time, _ = shared_of(keys)
    assert shared.make_once("a", "1", make, PATIENCE) == make()
    assert time.now == PATIENCE
    assert max(time.slept) == 0.25


@pytest.mark.parametrize("when", ["at once", "while it waits", "at the end"])
def test_without_redis_everybody_makes_it(when: str) -> None:
    keys = Keys({} if when == "at the end" else {"ka:making:a:1": b"another's"})
    shared, time, links = shared_of(keys)

    def away() -> None:
        links.broken = LOST

    def make_while() -> Made:
        away()
        return make()

    time.then = [away]
    if when == "at once":
        away()
    assert shared.make_once("a", "1", make_while, PATIENCE) == make()


def test_clearing_a_namespace_leaves_all_other_keys_alone() -> None:
    kept = ["ka:cache:b:1", "ka:cache:ab:1", "ka:rate:60:a", "ka:making:a:1", "cache:a:1", "other"]
    gone = ["ka:cache:a:1", "ka:cache:a:2", "ka:cache:a:3"]
    keys = Keys(dict.fromkeys([*kept, *gone], b"1"))
    shared, _, links = shared_of(keys)
    assert shared.clear("a") == 3
    assert set(keys.values) == set(kept)
    assert {command[0] for command in links.asked} == {"SCAN", "UNLINK", "HINCRBY"}
    assert cleared(lambda *command: keys(command), "ka:") == {"a": 1}
    assert shared.clear(None) == 2
    assert set(keys.values) == set(kept) - {"ka:cache:b:1", "ka:cache:ab:1"}
    assert cleared(lambda *command: keys(command), "ka:") == {"a": 1, "": 1}


def test_a_prefix_or_namespace_is_no_pattern() -> None:
    patterns: list[str] = []

    def answer(command: Command) -> Any:
        if command[0] == "SCAN":
            patterns.append(command[3])
            return [b"0", []]
        return 1

    shared = Shared(store_of(FakeLinks(answer), "k*[a]:"))
    assert shared.clear("x?") == 0
    assert shared.clear(None) == 0
    assert patterns == [r"k\*\[a\]:cache:x\?:*", r"k\*\[a\]:cache:*"]


def test_away_is_told_to_whoever_wants_more_than_making() -> None:
    shared, _, links = shared_of(Keys())
    links.broken = LOST
    with pytest.raises(StoreAwayError):
        shared.get("a", "1")
    assert not shared.usable
    for ask in (lambda: shared.put("a", "1", 1, 1), lambda: shared.clear(None)):
        with pytest.raises(StoreAwayError):
            ask()
