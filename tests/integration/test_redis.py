"""A real Redis: what is asked of it, and what becomes of that when it is frozen, killed or full."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowalledge_api.cache import Cache
from knowalledge_api.cache.shared import Made
from knowalledge_api.limits import remote, windows
from knowalledge_api.limits.limiter import Limiter
from knowalledge_api.limits.table import Table
from knowalledge_api.limits.windows import FRESH, Rate
from knowalledge_api.stores.links import Links, connecting
from knowalledge_api.stores.store import Mode, Store, StoreAwayError, make_store
from knowctl.probes.cache import CacheProbe
from tests.support import servers
from tests.support.configuration import PASSWORD, settings_of
from tests.support.servers import RedisServer
from tests.support.waiting import wait_for

TIMEOUT = 0.25
BACK = 10.0
RATES = (Rate(20, 60), Rate(50, 3600))


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    with servers.redis() as server:
        yield server


@contextmanager
def store_at(redis: RedisServer, **values: str) -> Iterator[Store]:
    given = {"REDIS_URL": redis.url, "REDIS_TIMEOUT": str(TIMEOUT), **values}
    with closing(make_store(settings_of(**given))) as store:
        yield store


@pytest.fixture
def store(redis: RedisServer) -> Iterator[Store]:
    """A store of its own in a Redis that is empty."""
    with store_at(redis) as store:
        store.ask("FLUSHALL")
        yield store


@pytest.fixture
def table() -> Iterator[Table]:
    with closing(Table()) as table:
        yield table


def admitted(limiter: Limiter, times: int) -> int:
    return sum(limiter.admit("general", "a", RATES).allowed for _ in range(times))


def keys(store: Store) -> set[str]:
    return {key.decode() for key in store.ask("KEYS", "*")}


def wait_until(store: Store, mode: Mode) -> float:
    return wait_for(f"the store is in {mode}", lambda: store.state().mode is mode, BACK)


def test_the_script_counts_as_memory_does(store: Store) -> None:
    """Told what it does not know, it decides like one window that saw everything."""

    @settings(deadline=None, max_examples=30)
    @given(st.lists(st.tuples(st.floats(0, 40), st.booleans()), max_size=40))
    def holds(story: list[tuple[float, bool]]) -> None:
        store.ask("FLUSHALL")
        kept, alone, now = list(FRESH), list(FRESH), 1e9
        for pause, loses in story:
            now = round(now + pause, 3)
            if loses:
                store.ask("FLUSHALL")
            windows.renew(kept, RATES, now)
            owed = windows.forgive(kept, RATES)
            allowed, counted = remote.count(store, "a", RATES, kept, owed, now)
            windows.learn(kept, RATES, counted)
            expected = windows.count(alone, RATES, now)
            assert windows.verdict(kept, RATES, now, allowed=allowed) == expected

    holds()


def test_keys_have_our_prefix_and_end_with_their_window(store: Store, table: Table) -> None:
    admitted(Limiter(store, table), 1)
    (key,) = keys(store)
    assert key == "ka:rate:60.3600:general:a"
    assert 3_590_000 < store.ask("PTTL", key) <= 3_601_000


def test_many_servers_admit_the_limit_together(redis: RedisServer, store: Store) -> None:
    with ExitStack() as stack:
        limiters = [
            Limiter(stack.enter_context(store_at(redis)), stack.enter_context(closing(Table())))
            for _ in range(3)
        ]
        with ThreadPoolExecutor(9) as threads:
            totals = list(threads.map(lambda number: admitted(limiters[number % 3], 10), range(9)))
    assert sum(totals) == RATES[0].limit
    assert store.usable


def test_a_frozen_redis_holds_up_each_thread_once_and_the_limit_holds(
    redis: RedisServer, store: Store, table: Table
) -> None:
    limiter = Limiter(store, table)
    before = admitted(limiter, 5)
    redis.freeze()
    began = time.monotonic()
    try:
        with ThreadPoolExecutor(6) as threads:
            during = sum(threads.map(lambda _: admitted(limiter, 1), range(6)))
        took = time.monotonic() - began
        assert store.state().mode is Mode.MEMORY
        quick = time.monotonic()
        during += admitted(limiter, 2)
        assert time.monotonic() - quick < TIMEOUT
    finally:
        redis.thaw()
    assert took < 4 * TIMEOUT, "they waited together, not one after the other"
    print(f"frozen: {took:.3f} s for 6 threads")  # noqa: T201 -- figures of the run
    print(f"back after {wait_until(store, Mode.REDIS):.2f} s")  # noqa: T201 -- figures of the run
    total = before + during + admitted(limiter, 40)
    assert 0.75 * RATES[0].limit <= total <= RATES[0].limit


def test_a_redis_that_comes_back_empty_is_told_what_was_used_up(
    redis: RedisServer, store: Store, table: Table
) -> None:
    limiter = Limiter(store, table)
    total = admitted(limiter, 7)
    redis.kill()
    total += admitted(limiter, 6)
    redis.start()
    wait_until(store, Mode.REDIS)
    total += admitted(limiter, 40)
    assert total == RATES[0].limit


def test_what_redis_refuses_to_keep_is_kept_in_memory(redis: RedisServer, store: Store) -> None:
    """Full and evicting nothing: it answers, so only a trial by writing tells that it is no use."""
    store.ask("CONFIG", "SET", "maxmemory", "1")
    try:
        with store_at(redis) as other:
            cache = Cache(other)
            cache.put("a", "1", "x", 60)
            assert cache.get("a", "1") == "x"
            assert other.state().mode is Mode.MEMORY
            other.look()
            assert not other.usable, "it would not flap"
            assert "maxmemory" in other.state().why
    finally:
        store.ask("CONFIG", "SET", "maxmemory", "0")


def test_a_user_who_may_not_is_told_by_the_cause_alone(redis: RedisServer, store: Store) -> None:
    store.ask("ACL", "SETUSER", "limited", "on", f">{PASSWORD}", "~ka:*", "+ping", "+get")
    url = redis.url.replace("//", f"//limited:{PASSWORD}@")
    with store_at(redis, REDIS_URL=url) as other:
        assert other.ask("PING") == b"PONG"
        with pytest.raises(StoreAwayError) as caught:
            other.ask("SET", "ka:x", "1")
        assert "permission" in str(caught.value)
        other.look()
        assert not other.usable
    wrong = redis.url.replace("//", "//limited:wrong-canary@")
    with store_at(redis, REDIS_URL=wrong) as other, pytest.raises(StoreAwayError) as caught:
        other.ask("PING")
    assert "canary" not in str(caught.value)


def test_a_user_with_the_rights_that_are_documented_is_enough(
    redis: RedisServer, store: Store, table: Table
) -> None:
    operating = (Path(__file__).parents[2] / "docs" / "operating.md").read_text("utf-8")
    found = re.search(r"The ACL needs `~<prefix>\*` and `([^`]+)`", operating)
    assert found
    rights = found[1].split()
    store.ask("ACL", "SETUSER", "enough", "on", f">{PASSWORD}", "~ka:*", *rights)
    with store_at(redis, REDIS_URL=redis.url.replace("//", f"//enough:{PASSWORD}@")) as other:
        assert admitted(Limiter(other, table), 2) == 2
        cache = Cache(other)
        assert cache.make_once("a", "1", lambda: Made("x", 60, "x")) == "x"
        assert cache.clear() == 2
        other.look()
        assert other.state().degradations == 0, other.state().why
        other._fail(OSError("for this test"), other._turn)
        other.look()
        assert other.usable, other.state().why


def test_a_connection_that_redis_closed_for_being_idle_is_no_failure(
    redis: RedisServer, store: Store
) -> None:
    links = Links(connecting(redis.url, TIMEOUT), 9, clock=iter(range(0, 900, 60)).__next__)
    with closing(Store(links, beside=lambda _: None)) as other:
        other.ask("PING")
        assert store.ask("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes") >= 1
        assert other.ask("PING") == b"PONG"
        assert other.state().degradations == 0


def test_values_go_through_redis_from_one_process_to_another(
    redis: RedisServer, store: Store
) -> None:
    with store_at(redis) as other:
        Cache(store).put("a", "1", {"x": ["力"]}, 60)
        assert Cache(other).get("a", "1") == {"x": ["力"]}
        assert 0 < store.ask("PTTL", "ka:cache:a:1") <= 60_000


def test_n_processes_that_want_the_same_make_it_once(redis: RedisServer, store: Store) -> None:
    made: list[int] = []
    go = threading.Event()

    def make() -> Made:
        made.append(1)
        go.wait(30)
        return Made(["kept"], 60, ["made"])

    with ExitStack() as stack:
        caches = [Cache(stack.enter_context(store_at(redis))) for _ in range(4)]
        with ThreadPoolExecutor(8) as threads:
            found: list[Future[Any]] = [
                threads.submit(caches[number % 4].make_once, "a", "1", make) for number in range(8)
            ]
            wait_for("one makes it", lambda: bool(made), BACK)
            go.set()
            answers = sorted(str(each.result(60)) for each in found)
    assert len(made) == 1
    assert answers == ["['kept']"] * 7 + ["['made']"]
    assert keys(store) == {"ka:cache:a:1"}, "the lock was given back"


def test_a_lock_outlives_its_lease_while_its_holder_works(store: Store) -> None:
    left: list[int] = []

    def was_renewed() -> bool:
        left.append(store.ask("PTTL", "ka:making:a:1"))
        return left[-1] > min(left)

    def make() -> Made:
        wait_for("the lock is renewed", was_renewed, BACK)
        return Made("x", 60, "x")

    assert Cache(store).make_once("a", "1", make) == "x"


def test_clearing_takes_our_values_and_nothing_else(redis: RedisServer, store: Store) -> None:
    theirs = {"other:1", "cache:a:1", "ka:rate:60:x"}
    for key in theirs:
        store.ask("SET", key, "1")
    for number in range(1200):
        store.ask("SET", f"ka:cache:a:{number}", "1")
    store.ask("SET", "ka:cache:b:1", "1")
    probe = CacheProbe(settings_of(REDIS_URL=redis.url))
    assert probe.clear_cache("a") == 1200
    assert keys(store) == {*theirs, "ka:cache:b:1", "ka:cleared"}
    assert Cache(store).clear() == 1
    assert keys(store) == {*theirs, "ka:cleared"}


def test_another_servers_memory_follows_a_clearing_within_a_look(
    redis: RedisServer, store: Store
) -> None:
    with store_at(redis) as other:
        here, there = Cache(store), Cache(other)
        here.put("a", "1", "x", 60)
        other.look()
        assert there.get("a", "1") == "x"
        here.clear("a")
        wait_for("it is gone there", lambda: there.get("a", "1") is None, BACK)


def test_a_clearing_that_redis_missed_is_made_up_for(redis: RedisServer, store: Store) -> None:
    cache = Cache(store)
    cache.put("a", "1", "x", 60)
    redis.freeze()
    try:
        assert cache.clear("a") == 1
        assert store.away
    finally:
        redis.thaw()
    wait_until(store, Mode.REDIS)
    assert cache.get("a", "1") is None
    assert not [key for key in keys(store) if key.startswith("ka:cache:")]


def test_what_a_call_costs(store: Store, table: Table) -> None:
    """Figures for the reader of `pytest -s`; nothing is judged."""
    plenty = (Rate(10**8, 60), Rate(10**8, 3600))
    calls: dict[str, Any] = {
        "limit in memory": Limiter(Store(None), table),
        "limit in Redis": Limiter(store, table),
    }
    for name, limiter in calls.items():
        best = min(_timed(lambda: limiter.admit("general", "b", plenty)) for _ in range(5))  # noqa: B023 -- timed within the round
        print(f"{name}: {best:.1f} us")  # noqa: T201 -- figures of the run
    cache = Cache(store)
    cache.put("a", "1", "x", 60)
    print(f"cache hit: {min(_timed(lambda: cache.get('a', '1')) for _ in range(5)):.1f} us")  # noqa: T201 -- figures of the run
    assert store.usable


def _timed(call: Any, times: int = 500) -> float:
    """Microseconds a call."""
    began = time.perf_counter()
    for _ in range(times):
        call()
    return (time.perf_counter() - began) / times * 1e6
