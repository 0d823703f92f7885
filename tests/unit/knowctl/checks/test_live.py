from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from knowctl.checks import live
from knowctl.checks.catalog import LIVE
from knowctl.checks.engine import Fault, NotJudged, run
from knowctl.errors import ErrorCode, Failure
from knowctl.model.diagnosis import (
    Encryption,
    Replication,
    Role,
    Route,
    Unanswered,
    WriteTest,
    Written,
)
from knowctl.model.findings import Outcome
from knowctl.model.live_check import LiveFacts
from tests.support.live_checking import (
    DATABASE,
    MEMORY,
    MIB,
    REDIS,
    SHARE,
    SIZES,
    judged,
    live_facts,
)

AWAY = Failure(ErrorCode.REDIS, "no answer", "refused", "start it")
UNANSWERED = Unanswered("may not see it", "GRANT it")


def database(**changed: Any) -> dict[str, Any]:
    return {"database": replace(DATABASE, **changed)}


def share(**changed: Any) -> dict[str, Any]:
    return {"share": replace(SHARE, **changed)}


def redis(**changed: Any) -> dict[str, Any]:
    return {"redis": replace(REDIS, **changed)}


def memory(**changed: Any) -> dict[str, Any]:
    return redis(memory=replace(MEMORY, **changed))


CLEAR = Encryption(Route.NETWORK)
OLD = Encryption(Route.NETWORK, "TLSv1.1", "x")
READ_ONLY = WriteTest(Written.READ_ONLY)
FAULTS = [
    (
        "KC330",
        share(max_connections=100),
        "up to 250 connections (2 servers x 5 workers x 25), and 92",
        "config tune --max-connections 92",
        {**share(max_connections=100), "sizes": replace(SIZES, workers=1)},
    ),
    ("KC330", share(max_connections=4), "and -4 are", "--max-connections 1", share()),
    ("KC331", share(others=233), "238 of 297 connections", "knowctl pool stats", share(others=232)),
    (
        "KC332",
        database(server="PostgreSQL 14.20"),
        "it is PostgreSQL 14.20",
        "to 15 or newer",
        database(server="PostgreSQL 15.0"),
    ),
    (
        "KC332",
        database(server="MariaDB 10.6.29"),
        "10.6.29",
        "to 10.11",
        database(server="MariaDB 10.11.1"),
    ),
    (
        "KC332",
        database(server="SQLite 3.34.1, journal wal"),
        "3.34.1",
        "to 3.35",
        database(server="SQLite 3.35.0, journal wal"),
    ),
    ("KC333", database(encryption=CLEAR), "not encrypted", "sslmode=verify-full", {}),
    ("KC333", database(encryption=OLD), "TLSv1.1", "TLS 1.2", {}),
    (
        "KC335",
        database(write=WriteTest(Written.FAILED, "denied", "grant it")),
        "denied",
        "grant it",
        {},
    ),
    ("KC335", database(write=READ_ONLY), "no replica", "default_transaction_read_only", {}),
    ("KC335", database(write=READ_ONLY, replication=UNANSWERED), "read-only", "default_", {}),
    (
        "KC335",
        database(write=READ_ONLY, replication=Replication(Role.REPLICA)),
        "replica",
        "primary",
        {},
    ),
    ("KC410", {"redis": AWAY}, "refused", "start it", {}),
    ("KC411", redis(version="6.0.16"), "6.0.16", "to 6.2", redis(version="6.2.0")),
    (
        "KC412",
        memory(policy="noeviction"),
        "refuses writes",
        "volatile-lru",
        memory(policy="volatile-lru"),
    ),
    ("KC412", memory(policy="volatile-ttl"), "drops counters", "volatile-lru", {}),
    (
        "KC413",
        memory(policy="noeviction", used=80 * MIB),
        "80 of 100 MiB",
        "maxmemory 200mb",
        memory(policy="noeviction", used=80 * MIB, limit=200 * MIB),
    ),
    (
        "KC413",
        memory(limit=0, used=900 * MIB),
        "the machine's memory",
        "maxmemory 500mb",
        memory(limit=500 * MIB, used=900 * MIB),
    ),
    ("KC414", redis(encrypted=False), "not encrypted", "rediss://", {}),
    ("KC414", redis(authenticated=False), "without a password", "requirepass", {}),
    ("KC710", {"ai": AWAY}, "refused", "start it", {}),
    (
        "KC522",
        {"clocks": {"Redis": 3.0}},
        "Redis is 3.0 s ahead of",
        "timedatectl",
        {"clocks": {"Redis": 1.9}},
    ),
    ("KC522", {"clocks": {"Redis": -3.0, "x": UNANSWERED}}, "3.0 s behind", "timedatectl", {}),
]
WELL = [
    ("KC333", database(encryption=Encryption(Route.LOOPBACK))),
    ("KC332", database(server="CockroachDB 1")),
    ("KC412", memory(limit=0, policy="noeviction")),
    ("KC412", memory(policy="allkeys-lfu")),
    ("KC413", memory(used=100 * MIB)),
    ("KC413", memory(limit=0, machine=0)),
    ("KC414", redis(route=Route.LOOPBACK, encrypted=False, authenticated=False)),
]
SQLITE = {"url": "sqlite:///x.db"}
UNJUDGED = [
    ("KC330", Outcome.SKIPPED, SQLITE, "SQLite is a file"),
    ("KC331", Outcome.SKIPPED, SQLITE, "SQLite is a file"),
    ("KC333", Outcome.SKIPPED, SQLITE, "SQLite is a file"),
    ("KC330", Outcome.SKIPPED, share(pooled=True), "PgBouncer"),
    ("KC330", Outcome.UNKNOWN, {"share": None}, "nobody asked"),
    ("KC330", Outcome.UNKNOWN, {"share": AWAY}, "refused"),
    ("KC332", Outcome.UNKNOWN, {"database": None}, "nobody asked"),
    ("KC335", Outcome.UNKNOWN, {"database": AWAY}, "refused"),
    ("KC332", Outcome.UNKNOWN, database(server=UNANSWERED), "may not see it"),
    ("KC335", Outcome.SKIPPED, database(write=WriteTest(Written.NO_TABLE)), "no table"),
    ("KC410", Outcome.SKIPPED, {"redis": None}, "REDIS_URL is not set"),
    ("KC412", Outcome.SKIPPED, {"redis": None}, "needs KC410"),
    ("KC411", Outcome.UNKNOWN, redis(version=UNANSWERED), "may not see it"),
    ("KC522", Outcome.SKIPPED, {"clocks": {}}, "no other clock"),
    ("KC710", Outcome.SKIPPED, {"ai": None}, "the offline provider writes"),
    ("KC522", Outcome.UNKNOWN, {"clocks": {"x": UNANSWERED}}, "may not see it"),
]


@pytest.mark.parametrize(("name", "fires", "cause", "hint", "after"), FAULTS)
def test_a_fault_is_found_named_and_healed_by_its_own_hint(
    name: str, fires: dict[str, Any], cause: str, hint: str, after: dict[str, Any]
) -> None:
    [finding] = judged(live_facts(**fires), name)
    assert finding.outcome is Outcome.FAIL
    assert cause in finding.cause
    assert hint in finding.hint
    assert [each.outcome for each in judged(live_facts(**after), name)] == [Outcome.PASS]


@pytest.mark.parametrize(("name", "changed"), WELL)
def test_what_is_near_to_a_fault_is_none(name: str, changed: dict[str, Any]) -> None:
    assert [each.outcome for each in judged(live_facts(**changed), name)] == [Outcome.PASS]


@pytest.mark.parametrize(("name", "outcome", "changed", "cause"), UNJUDGED)
def test_what_can_not_be_judged_says_why(
    name: str, outcome: Outcome, changed: dict[str, Any], cause: str
) -> None:
    [finding] = judged(live_facts(**changed), name)
    assert finding.outcome is outcome
    assert cause in finding.cause
    assert finding.hint


@pytest.mark.parametrize("judge", [live.redis_version, live.redis_eviction, live.redis_privacy])
def test_nothing_is_said_of_a_redis_that_there_is_none_of(
    judge: Callable[[LiveFacts], Iterator[Fault]],
) -> None:
    with pytest.raises(NotJudged, match="nobody asked"):
        list(judge(live_facts(redis=None)))


def test_where_all_is_well_everything_passes() -> None:
    outcomes = {each.id: each.outcome.value for each in run(LIVE, live_facts())}
    assert set(outcomes.values()) == {"pass"}


def test_a_version_without_numbers_is_older_than_any() -> None:
    [finding] = judged(live_facts(**redis(version="unstable")), "KC411")
    assert finding.outcome is Outcome.FAIL
