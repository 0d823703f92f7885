"""`knowctl cache`: every worker tells what it keeps, and every worker drops it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any, Final

import pytest

from tests.support import servers
from tests.support.releases import Served, releases, served
from tests.support.servers import RedisServer
from tests.support.waiting import wait_for

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a supervisor's run directory")

WORKERS: Final = 2
TOPIC: Final = {"topic": "CI/CD"}


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    with servers.redis() as server:
        yield server


@pytest.fixture(scope="module", params=["memory", "redis"])
def each(request: pytest.FixtureRequest, redis: RedisServer) -> Iterator[Served]:
    settings = {"REDIS_URL": redis.url} if request.param == "redis" else {}
    with releases() as site, served(site, settings) as each:
        yield each


def cache(each: Served, *words: str) -> Any:
    done = each.knowctl("cache", *words, "-o", "json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["data"]


def sizes(each: Served) -> list[int]:
    return [worker["size"] for worker in cache(each, "stats")["workers"]]


def fill(each: Served) -> Any:
    """Ask until every worker has the answer in its memory; what they told then.

    A worker that follows what another test cleared in Redis drops it once more, up to 1 s later.
    """
    told: list[Any] = []

    def filled() -> bool:
        for _ in range(8):
            each.running.request("POST", "/api/create_subtopics", TOPIC)
        told.append(cache(each, "stats"))
        return all(worker["size"] for worker in told[-1]["workers"])

    wait_for("every worker has it", filled, 15, lambda: told[-1])
    return told[-1]


def test_a_namespace_is_dropped_in_every_worker(each: Served) -> None:
    fill(each)
    assert cache(each, "clear", "--namespace", "other")["cleared"] == 0
    assert sizes(each) == [1] * WORKERS
    done = cache(each, "clear", "--namespace", "subtopics")
    assert done["memory"] <= WORKERS  # a worker may have followed Redis before it was told
    assert done["cleared"] >= 1
    assert sizes(each) == [0] * WORKERS
    anew = each.running.request("POST", "/api/create_subtopics", TOPIC)
    assert anew.body["source"] == "offline", "it came back from the database"


def test_what_was_dropped_is_kept_again_when_it_is_asked_for(each: Served) -> None:
    told = fill(each)
    assert told["total"]["size"] == WORKERS
    assert told["total"]["hits"] > 0
    assert {worker["mode"] for worker in told["workers"]} <= {"memory", "redis"}
    text = each.knowctl("cache", "stats").stdout
    assert "% of all questions were hits" in text
