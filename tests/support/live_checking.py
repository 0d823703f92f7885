"""Facts of a machine, a database and a Redis that are all well, for live checks."""

from __future__ import annotations

from typing import Any

from knowctl.checks.catalog import LIVE, MACHINE
from knowctl.checks.engine import run
from knowctl.model.diagnosis import (
    Advice,
    Answers,
    DatabaseFacts,
    Encryption,
    Replication,
    Role,
    Route,
    WriteTest,
    Written,
)
from knowctl.model.findings import Finding
from knowctl.model.live_check import LiveFacts, RedisFacts, RedisMemory
from knowctl.model.machine import HostFacts, MachineFacts
from knowctl.model.pool import DatabaseShare, Sizes
from knowctl.probes.settings import SettingsProbe

MIB = 2**20
POSTGRESQL = "postgresql://user:password@db.example/name"
SIZES = Sizes(threads=24, workers=5, size=10, overflow=20, replicas=1, surge=1)
ROOMY = MachineFacts(4096, (), ())
MEMORY = RedisMemory(used=MIB, limit=100 * MIB, machine=1000 * MIB, policy="volatile-lru")
REDIS = RedisFacts(
    Route.NETWORK, encrypted=True, authenticated=True, version="7.0.1", memory=MEMORY
)
SHARE = DatabaseShare(
    ours=5, others=5, strangers=5, max_connections=300, reserved=3, counted_by="name"
)
DATABASE = DatabaseFacts(
    advice=Advice("add ?sslmode=verify-full", "SHOW default_transaction_read_only", "", ""),
    pooled=False,
    answers=Answers(1.0, (1.0,)),
    server="PostgreSQL 16.2",
    encryption=Encryption(Route.NETWORK, "TLSv1.3", "x", verified=True),
    write=WriteTest(Written.ROLLED_BACK),
    replication=Replication(Role.STANDALONE),
    transactions=None,
    locks=None,
    connections=None,
)


def live_facts(url: str = POSTGRESQL, **changed: Any) -> LiveFacts:
    """Facts without a fault, but for what is changed."""
    configuration = SettingsProbe({"DATABASE_URL": url, "REDIS_URL": "rediss://:x@cache/0"}).facts()
    given = {"sizes": SIZES, "database": DATABASE, "share": SHARE}
    clocks = {"the database": 0.1, "Redis": -0.1}
    return LiveFacts(
        configuration, **{**given, "redis": REDIS, "ai": 30.0, "clocks": clocks, **changed}
    )


def host_facts(**changed: Any) -> HostFacts:
    """A machine without a fault, but for what is changed."""
    given: dict[str, Any] = {"machine": ROOMY, "sizes": SIZES, "server": "gunicorn"}
    return HostFacts(**{**given, "redis": True, **changed})


def judged_machine(facts: HostFacts, name: str) -> tuple[Finding, ...]:
    """The findings of one check of the machine."""
    return tuple(each for each in run(MACHINE, facts) if each.id == name)


def judged(facts: LiveFacts, name: str) -> tuple[Finding, ...]:
    """The findings of one check."""
    return tuple(each for each in run(LIVE, facts) if each.id == name)
