"""Pools under load: who holds a connection, who waits, and the database counts the same."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from subprocess import CompletedProcess
from typing import Any, Final

import pytest

from tests.support import servers
from tests.support.control import workers
from tests.support.releases import LOOPBACK
from tests.support.servers import Server
from tests.support.unanswered import (
    HOLD,
    PATIENCE,
    WORKERS,
    Unanswered,
    kept_busy,
    rule_of,
    states,
)
from tests.support.waiting import wait_for

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a supervisor's run directory")

SUBTOPICS: Final = "/api/create_subtopics"
DATABASE: Final = "live"
POOL: Final = 2
CONNECTIONS: Final = WORKERS * POOL
WAITING: Final = 12
TOKEN: Final = "a-scraper-s-token-of-32-letters!"
SETTINGS: Final = {
    "DB_POOL_SIZE": str(POOL),
    "DB_MAX_OVERFLOW": "0",
    "DB_POOL_TIMEOUT": "60",
    "DB_DEADLINE": "60",
    "METRICS_TOKEN": TOKEN,
}
SUMS: Final = ("size", "open", "in_use", "idle", "overflow", "waiting", "checkouts", "timeouts")
STEADY: Final = ("pid", "generation", "size", "open", "in_use", "idle", "overflow", "checkouts")
"""What any two readings of a pool have in common while its connections are held."""
COUNTS: Final = {
    "postgresql": "SELECT count(*) FROM pg_stat_activity"
    " WHERE application_name LIKE 'knowalledge/{instance}/%'",
    "mysql": "SELECT count(*) FROM information_schema.processlist"
    " WHERE user = 'knowalledge' AND db = '{database}'",
}


@dataclass(frozen=True)
class Loaded:
    """A server without a free connection, and what `knowctl pool stats` told of it.

    Its connections have then been held for a time between the two, in seconds.
    """

    database: Server
    requests: Unanswered
    told: Any
    shortest: float
    longest: float

    def connections(self) -> int:
        """How many the database server has of this instance, asked by another hand."""
        names = {"instance": self.requests.each.running.port, "database": DATABASE}
        question = COUNTS[self.database.scheme].format(**names)
        return int(self.database.execute(question)[0][0])

    def elsewhere(self, *words: str, **environ: str) -> CompletedProcess[str]:
        """`knowctl pool stats --url`, without the run directory, the database and the token."""
        its = {"KNOWCTL_RUN_DIR", "DATABASE_URL", "METRICS_TOKEN"}
        each = self.requests.each
        rest = {name: value for name, value in each.environ.items() if name not in its}
        url = f"http://{LOOPBACK}:{each.running.port}"
        away = replace(each, environ={**rest, "COLUMNS": "200", **environ})
        return away.knowctl("pool", "stats", "--url", url, *words)


def pools(requests: Unanswered) -> list[dict[str, Any]]:
    return [state["pool"] for state in states(requests.each.site)]


def wait_until_each_holds_or_waits(requests: Unanswered) -> None:
    def settled() -> bool:
        found = pools(requests)
        count: int = sum(each["in_use"] + each["waiting"] for each in found)
        return count == len(requests.begun)

    wait_for("each has a connection or waits", settled, PATIENCE, lambda: pools(requests))


def take_all_connections(requests: Unanswered) -> None:
    """One after the other, until no worker has any left; some then wait already."""
    while [pool["in_use"] for pool in pools(requests)] != [POOL] * WORKERS:
        requests.begin(HOLD)
        wait_until_each_holds_or_waits(requests)


@pytest.fixture(scope="module", params=["postgresql", "mariadb"])
def loaded(request: pytest.FixtureRequest) -> Iterator[Loaded]:
    database = servers.mariadb() if request.param == "mariadb" else servers.postgresql(16)
    with database as server:
        settings = {**SETTINGS, "DATABASE_URL": server.create(DATABASE)}
        with kept_busy(settings, threads=16) as requests:
            began = time.monotonic()
            take_all_connections(requests)
            held = time.monotonic()
            for number in range(WAITING):
                requests.begin(SUBTOPICS, {"topic": f"Topic {number}"})
            wait_until_each_holds_or_waits(requests)
            asked = time.monotonic()
            told = requests.data_of("pool", "stats")
            longest = time.monotonic() - began
            yield Loaded(server, requests, told, asked - held, longest)


def test_pool_stats_tell_who_holds_every_connection_and_for_how_long(loaded: Loaded) -> None:
    holders = loaded.told["total"]["holders"]
    ids = {holder["request_id"] for holder in holders}
    assert len(ids) == CONNECTIONS
    assert ids <= set(loaded.requests.those(HOLD))
    for holder in holders:
        assert holder["route"] == rule_of(HOLD)
        assert loaded.shortest <= holder["since_ms"] / 1000 <= loaded.longest
    (row,) = loaded.told["holders"]
    assert (row["route"], row["connections"]) == (rule_of(HOLD), CONNECTIONS)
    oldest = holders[0]
    assert (row["request_id"], row["oldest_ms"]) == (oldest["request_id"], oldest["since_ms"])
    assert row["oldest_ms"] == max(holder["since_ms"] for holder in holders)


def test_pool_stats_tell_how_many_wait_and_for_how_long(loaded: Loaded) -> None:
    total = loaded.told["total"]
    assert total["waiting"] == len(loaded.requests.begun) - CONNECTIONS >= WAITING
    assert 0 < total["oldest_wait_ms"] / 1000 <= loaded.longest
    assert (total["in_use"], total["idle"], total["overflow"]) == (CONNECTIONS, 0, 0)


def test_the_sums_of_the_pools_are_those_of_the_workers(loaded: Loaded) -> None:
    found, total = loaded.told["workers"], loaded.told["total"]
    assert [pool["pid"] for pool in found] == workers(loaded.requests.each.site.run)
    assert loaded.told["silent"] == []
    for name in SUMS:
        assert total[name] == sum(pool[name] for pool in found), name
    for name in ("oldest_wait_ms", "worst_wait_ms"):
        assert total[name] == max(pool[name] for pool in found), name
    holders = [holder for pool in found for holder in pool["holders"]]
    assert sorted(holders, key=lambda each: -each["since_ms"]) == total["holders"]


def test_pools_share_and_database_count_the_same_connections(loaded: Loaded) -> None:
    """A connection of somebody who asks may be ending, so two looks in a row have to agree."""
    seen: list[tuple[int, int, int]] = []

    def agree() -> bool:
        told = loaded.requests.data_of("pool", "stats")
        assert told["server"], told["server_cause"]
        seen.append((told["total"]["open"], told["server"]["ours"], loaded.connections()))
        return len(seen) > 1 and len({*seen[-1], *seen[-2]}) == 1

    wait_for("all of them agree twice", agree, PATIENCE, lambda: seen)
    assert seen[-1][0] == CONNECTIONS


def test_inflight_tells_which_requests_hold_a_connection(loaded: Loaded) -> None:
    told = loaded.requests.data_of("inflight")
    rows = {row["id"]: row for row in told["requests"]}
    assert set(loaded.requests.those(HOLD)) <= set(rows)
    held = {name: row for name, row in rows.items() if row["connection_held_ms"] is not None}
    assert set(held) == {each["request_id"] for each in loaded.told["total"]["holders"]}
    assert all(0 < row["connection_held_ms"] <= row["age_ms"] for row in held.values())


@pytest.mark.parametrize("name", ["KNOWCTL_API_KEY", "METRICS_TOKEN"])
def test_pool_stats_by_url_read_the_same(loaded: Loaded, name: str) -> None:
    done = loaded.elsewhere("-o", "json", **{name: TOKEN})
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)["data"]
    assert (told["silent"], told["server"]) == ([], None)
    here = loaded.told["workers"]
    assert [steady(pool) for pool in told["workers"]] == [steady(pool) for pool in here]


def steady(pool: Mapping[str, Any]) -> dict[str, Any]:
    """A pool without what passes."""
    holders = [(each["request_id"], each["route"], each["thread"]) for each in pool["holders"]]
    return {**{name: pool[name] for name in STEADY}, "holders": holders}


@pytest.mark.parametrize("key", ["", "somebody-else-s-key-of-32-letters"])
def test_pool_stats_by_url_without_the_right_key_say_what_to_do(loaded: Loaded, key: str) -> None:
    done = loaded.elsewhere(KNOWCTL_API_KEY=key)
    assert (done.returncode, done.stdout) == (4, "")
    message, cause, hint = done.stderr.strip().splitlines()
    assert "does not tell its live state" in message
    assert "answered 401" in cause
    assert ("the key that was sent" if key else "no key was sent") in cause
    assert "KNOWCTL_API_KEY" in hint
    assert not key or key not in done.stderr
