"""R6: without Redis all is served and limited as before, and it is taken up again at once."""

from __future__ import annotations

import json
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any, Final

import pytest

from tests.support import servers
from tests.support.control import live, serving_generation
from tests.support.keepalive import Asked, Crowd, crowded
from tests.support.releases import Served, releases, served
from tests.support.servers import RedisServer
from tests.support.waiting import wait_for

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals that freeze a process")

WORKERS: Final = 3
CLIENTS: Final = 12
SIZE: Final = ("--workers", str(WORKERS), "--threads", "16")
TIMEOUT: Final = 0.25
"""REDIS_TIMEOUT as it comes."""
BACK: Final = 10.0
"""Seconds in which R6 promises that Redis is used again."""
OUTAGE: Final = 4.0
LIMIT: Final = 400
LAG: Final = 0.1
"""A client that its own machine kept waiting for longer does not tell how late the server was."""
APART: Final = 0.75
"""Seconds between the ends of slow requests of two stalls; a breaker period is longer."""
PATH: Final = "/testing/version"


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    with servers.redis() as server:
        yield server


@contextmanager
def site(redis: RedisServer, rates: str) -> Iterator[Served]:
    settings = {
        "REDIS_URL": redis.url,
        "RATE_LIMIT_ENABLED": "true",
        "RATE_LIMIT_ANONYMOUS": rates,
        "GUNICORN_MAX_REQUESTS": "0",
    }
    with releases() as place, served(place, settings, size=SIZE) as each:
        yield each


def caches(each: Served) -> list[Any]:
    """What every worker of the serving generation says of where things are kept."""
    now = serving_generation(each.site.run)
    return [live(each.site.run, now["number"], pid)["cache"] for pid in now["workers"]]


def all_in(each: Served, mode: str) -> bool:
    found = caches(each)
    return len(found) == WORKERS and {cache["mode"] for cache in found} == {mode}


def wait_until_all_in(each: Served, mode: str, seconds: float = BACK) -> float:
    return wait_for(
        f"all workers use {mode}", lambda: all_in(each, mode), seconds, lambda: caches(each)
    )


def breaks(redis: RedisServer, how: str) -> None:
    (redis.kill if how == "killed" else redis.freeze)()


def mends(redis: RedisServer, how: str) -> None:
    (redis.start if how == "killed" else redis.thaw)()


def statuses(asked: list[Asked]) -> set[int]:
    return {each.status for each in asked}


def stalls(crowd: Crowd, asked: list[Asked]) -> dict[int, int]:
    """How often requests of a worker waited for Redis, by its process id.

    Those that waited at the same time, for one answer that did not come, are one stall.
    """
    ends = defaultdict[int, list[float]](list)
    for each in asked:
        if each.took > TIMEOUT * 0.8 and crowd.lag_of(each) <= LAG:
            ends[json.loads(each.body).get("pid", 0)].append(each.ended)
    return {
        pid: 1 + sum(later - sooner > APART for sooner, later in pairwise(found))
        for pid, found in ((pid, sorted(found)) for pid, found in ends.items())
    }


def told(text: str) -> None:
    print(text)  # noqa: T201 -- figures of the run


@pytest.mark.parametrize("how", ["killed", "frozen"])
def test_redis_away_costs_one_short_timeout_a_worker_and_no_request(
    redis: RedisServer, how: str
) -> None:
    with site(redis, "1000000/hour") as each, crowded(each.running.port, CLIENTS, PATH) as crowd:
        wait_until_all_in(each, "redis")
        processes = each.running.left_behind()
        broken = time.monotonic()
        breaks(redis, how)
        lost = wait_until_all_in(each, "memory")
        ready = each.running.request("GET", "/ready")
        assert (ready.status, ready.body["checks"]["redis"]) == (200, "degraded")
        assert "cache in memory" in each.knowctl("status").stdout
        wait_for("the outage lasts", lambda: time.monotonic() - broken > OUTAGE, OUTAGE)
        mended = time.monotonic()
        mends(redis, how)
        back = wait_until_all_in(each, "redis")
        wait_for("all goes on", lambda: len(crowd.between(mended + back)) > CLIENTS, BACK)
        modes, said = caches(each), each.told()
        assert each.running.left_behind() == processes, "something was restarted"
    asked = crowd.between(0)
    found = stalls(crowd, crowd.between(broken - 2 * TIMEOUT, mended))
    slowest = max(request.took for request in crowd.between(broken, mended))
    told(f"{how}: away after {lost:.2f} s, back after {back:.2f} s, {len(asked)} requests")
    told(
        f"  stalls a worker {found}, slowest {slowest:.3f} s, client's lag {crowd.lag.worst():.3f}"
    )
    assert statuses(asked) == {200}
    assert found or how == "killed", "nobody waited for it, so it was not asked"
    assert all(times <= 1 for times in found.values()), found
    assert [cache["degradations"] for cache in modes] == [1] * WORKERS
    assert said.count("Redis is away, memory is used instead") == WORKERS, said
    assert said.count("Redis is used again") == WORKERS, said
    assert "Traceback" not in said


@pytest.mark.parametrize("how", ["killed", "frozen"])
def test_a_limit_holds_over_all_workers_whatever_becomes_of_redis(
    redis: RedisServer, how: str
) -> None:
    with site(redis, f"{LIMIT}/hour") as each:
        wait_until_all_in(each, "redis")
        with crowded(each.running.port, CLIENTS, PATH, pause=(0.05, 0.15)) as crowd:
            wait_until_admitted(crowd, LIMIT // 4)
            breaks(redis, how)
            wait_until_all_in(each, "memory")
            before = admitted(crowd)
            wait_until_admitted(crowd, min(LIMIT // 2, before + LIMIT // 8))
            during = admitted(crowd) - before
            mends(redis, how)
            wait_until_all_in(each, "redis")
            wait_for("the limit is reached", lambda: len(refused(crowd)) > 4 * CLIENTS, 30)
            last = time.monotonic()
            wait_for("it stays", lambda: len(crowd.between(last)) > 4 * CLIENTS, 30)
        total = admitted(crowd)
        told(f"{how}: {total} of {LIMIT} admitted, {during} of them in memory alone")
        assert statuses(crowd.between(0)) == {200, 429}
        assert 0.75 * LIMIT <= total <= 1.25 * LIMIT
        assert during > 0
        answer = each.running.request("GET", PATH)
        assert (answer.status, answer.headers["RateLimit-Remaining"]) == (429, "0")
        assert 0 < int(answer.headers["Retry-After"]) <= 3600


def test_what_was_used_up_stays_so_over_a_reload_without_redis(redis: RedisServer) -> None:
    redis.kill()
    with site(redis, "30/hour") as each:
        codes = [each.running.request("GET", PATH).status for _ in range(60)]
        assert (codes.count(200), codes.count(429)) == (30, 30)
        each.site.release("v2")
        each.reload()
        assert each.running.request("GET", PATH).status == 429
        redis.start()
        wait_until_all_in(each, "redis")
        assert [each.running.request("GET", PATH).status for _ in range(6)] == [429] * 6


def test_a_redis_that_comes_after_the_server_is_used(redis: RedisServer) -> None:
    redis.kill()
    with site(redis, "1000/hour") as each:
        wait_until_all_in(each, "memory")
        assert each.running.request("GET", PATH).status == 200
        redis.start()
        told(f"used {wait_until_all_in(each, 'redis'):.2f} s after it came")
        assert each.running.request("GET", PATH).status == 200
        assert each.running.request("GET", "/ready").body["checks"]["redis"] == "ok"


def admitted(crowd: Crowd) -> int:
    return sum(each.status == 200 for each in tuple(crowd.asked))


def refused(crowd: Crowd) -> list[Asked]:
    return [each for each in tuple(crowd.asked) if each.status == 429]


def wait_until_admitted(crowd: Crowd, number: int) -> None:
    wait_for(
        f"{number} are admitted", lambda: admitted(crowd) >= number, 30, lambda: admitted(crowd)
    )
