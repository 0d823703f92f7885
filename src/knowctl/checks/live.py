"""What a server needs of its database, its Redis and their clocks, once they are asked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, TypeVar

from knowctl.checks.engine import Fault, NotJudged
from knowctl.errors import Failure
from knowctl.model.diagnosis import DatabaseFacts, Replication, Role, Route, Unanswered, Written
from knowctl.model.findings import Outcome
from knowctl.model.live_check import LiveFacts, RedisFacts, RedisMemory
from knowctl.model.pool import Budget, DatabaseShare
from knowctl.model.results import Where

FULL: Final = 0.8
"""Share of what there may be: a reload or a rollout needs room for a second set."""
OLD_TLS: Final = frozenset({"TLSv1", "TLSv1.0", "TLSv1.1", "SSLv3"})
"""Deprecated by RFC 8996."""
OLDEST: Final = {
    "PostgreSQL": (15,),
    "MariaDB": (10, 11),
    "MySQL": (8, 4),
    "SQLite": (3, 35),
}
"""The oldest versions that this release is written for.

Sources: the oldest ones that their makers keep in repair at the end of 2026, by
postgresql.org/support/versioning, mariadb.org/about/#maintenance-policy and
dev.mysql.com/doc/refman/8.4/en/mysql-releases.html; SQLite 3.35 brought RETURNING and DROP COLUMN
(sqlite.org/releaselog/3_35_0.html).
"""
OLDEST_REDIS: Final = (6, 2)
"""What the tests run; redis-py's makers try theirs with 7.2 and newer."""
LOSING: Final = frozenset({"allkeys-random", "volatile-random", "volatile-ttl"})
"""Policies that drop counters in use before answers that nobody asked for again."""
APART: Final = 2.0
"""Seconds: a token or a window of a limit is judged by another clock than the one it began by."""
MIB: Final = 2**20

T = TypeVar("T")


def budget(facts: LiveFacts) -> Iterator[Fault]:
    """All servers together open no more connections than the database has for them."""
    share = _share(facts)
    if share.pooled:
        cause = "behind PgBouncer the connections are the pooler's"
        raise NotJudged(Outcome.SKIPPED, cause, "psql -p 6432 pgbouncer -c 'SHOW POOLS'")
    room = share.max_connections - share.reserved - share.strangers
    found = Budget.of(facts.sizes, room)
    if not found.fits:
        cause = (
            f"up to {found.peak} connections ({found.generations} servers x {found.workers} workers"
            f" x {found.per_worker}), and {room} are to be had (max_connections"
            f" {share.max_connections}, {share.reserved} reserved, {share.strangers} of others)"
        )
        hint = f"knowctl config tune --max-connections {max(1, room)}"
        yield Fault(cause, hint, facts.configuration.where("DB_POOL_SIZE"))


def room_for_connections(facts: LiveFacts) -> Iterator[Fault]:
    """There is room for connections now."""
    share = _share(facts)
    room, used = share.max_connections - share.reserved, share.ours + share.others
    if used >= FULL * room:
        cause = f"{used} of {room} connections are in use, {share.strangers} of them by others"
        hint = "knowctl pool stats says who holds ours; end those of others, or allow more"
        yield Fault(cause, hint, _database_url(facts))


def database_version(facts: LiveFacts) -> Iterator[Fault]:
    """The database server is of a version that this release is written for."""
    server = _answered(_database(facts).server)
    product, _, version = server.partition(" ")
    oldest = OLDEST.get(product)
    if oldest and _version(version) < oldest:
        wanted = ".".join(map(str, oldest))
        cause = f"it is {server}; the oldest that this release is written for is {wanted}"
        yield Fault(cause, f"upgrade {product} to {wanted} or newer", _database_url(facts))


def database_encryption(facts: LiveFacts) -> Iterator[Fault]:
    """What goes to a database elsewhere is encrypted."""
    _require_server(facts)
    database = _database(facts)
    found, advice = _answered(database.encryption), database.advice.encrypt
    if found.route is Route.NETWORK and not found.protocol:
        cause = "the connection crosses a network, and is not encrypted"
        yield Fault(cause, advice, _database_url(facts))
    if found.protocol in OLD_TLS:
        cause = f"{found.protocol} is no longer held to be safe"
        yield Fault(cause, "let the server speak TLS 1.2 or newer", _database_url(facts))


def database_writes(facts: LiveFacts) -> Iterator[Fault]:
    """The database takes what is written."""
    database = _database(facts)
    tried = database.write
    if tried.outcome is Written.NO_TABLE:
        cause = "there is no table yet"
        raise NotJudged(Outcome.SKIPPED, cause, "knowctl db upgrade")
    if tried.outcome is Written.FAILED:
        yield Fault(tried.cause, tried.hint, _database_url(facts))
    if tried.outcome is Written.READ_ONLY:
        copied = database.replication
        if isinstance(copied, Replication) and copied.role is Role.REPLICA:
            cause, hint = (
                "it is a replica, which takes no writes",
                "set DATABASE_URL to the primary",
            )
        else:
            cause, hint = "it is read-only, and no replica", database.advice.write_again
        yield Fault(cause, hint, _database_url(facts))


def redis_answers(facts: LiveFacts) -> Iterator[Fault]:
    """The Redis that is configured answers."""
    if facts.redis is None:
        hint = "set REDIS_URL where several servers are to share cache and limits"
        raise NotJudged(Outcome.SKIPPED, "REDIS_URL is not set", hint)
    if isinstance(facts.redis, Failure):
        yield Fault(facts.redis.cause, facts.redis.hint, _redis_url(facts))


def redis_version(facts: LiveFacts) -> Iterator[Fault]:
    """Redis is of a version that this release is written for."""
    version = _answered(_redis(facts).version)
    if _version(version) < OLDEST_REDIS:
        wanted = ".".join(map(str, OLDEST_REDIS))
        cause = f"it is Redis {version}; the oldest that this release is written for is {wanted}"
        yield Fault(cause, f"upgrade Redis to {wanted} or newer", _redis_url(facts))


def redis_eviction(facts: LiveFacts) -> Iterator[Fault]:
    """A full Redis drops what was least used, and neither counters in use nor every write."""
    memory = _answered(_redis(facts).memory)
    if not memory.limit:
        return
    cause = ""
    if memory.policy == "noeviction":
        cause = "once full it refuses writes: each server then has a cache and limits of its own"
    elif memory.policy in LOSING:
        cause = "once full it drops counters of limits that are in use"
    if cause:
        hint = "redis-cli CONFIG SET maxmemory-policy volatile-lru, and in redis.conf"
        said = f"maxmemory-policy is {memory.policy}: {cause}"
        yield Fault(said, hint, _redis_url(facts))


def redis_memory(facts: LiveFacts) -> Iterator[Fault]:
    """Redis has room; where it drops what was least used, a full one is as it should be."""
    memory = _answered(_redis(facts).memory)
    limit = memory.limit or memory.machine
    if not limit or memory.used < FULL * limit or _drops_the_least_used(memory):
        return
    name = "maxmemory" if memory.limit else "the machine's memory"
    cause = f"{memory.used // MIB} of {limit // MIB} MiB ({name}) are in use"
    hint = f"redis-cli CONFIG SET maxmemory {2 * limit // MIB}mb; or knowctl cache clear"
    if not memory.limit:
        hint = f"redis-cli CONFIG SET maxmemory {limit // 2 // MIB}mb; or give it a larger machine"
    yield Fault(cause, hint, _redis_url(facts))


def redis_privacy(facts: LiveFacts) -> Iterator[Fault]:
    """What goes to a Redis elsewhere is encrypted, and not everybody may ask it."""
    redis = _redis(facts)
    if redis.route is not Route.NETWORK:
        return
    if not redis.encrypted:
        cause = "the connection crosses a network, and is not encrypted"
        yield Fault(cause, "set REDIS_URL=rediss://:password@host:6379/0", _redis_url(facts))
    if not redis.authenticated:
        cause = "it answers without a password to whoever reaches it"
        hint = "redis-cli CONFIG SET requirepass …, and the same in REDIS_URL=rediss://:…@host"
        yield Fault(cause, hint, _redis_url(facts))


def ai_answers(facts: LiveFacts) -> Iterator[Fault]:
    """The AI takes the key, and knows the model."""
    if facts.ai is None:
        hint = "set GOOGLE_API_KEY where Gemini is to write"
        raise NotJudged(Outcome.SKIPPED, "the offline provider writes", hint)
    if isinstance(facts.ai, Failure):
        yield Fault(facts.ai.cause, facts.ai.hint, facts.configuration.where("GOOGLE_API_KEY"))


def clocks_agree(facts: LiveFacts) -> Iterator[Fault]:
    """The clocks of the database and of Redis agree with this machine's."""
    if not facts.clocks:
        hint = "timedatectl says whether this machine's clock is kept"
        raise NotJudged(Outcome.SKIPPED, "no other clock answers", hint)
    known = {name: each for name, each in facts.clocks.items() if isinstance(each, float)}
    late = [(name, ahead) for name, ahead in known.items() if abs(ahead) > APART]
    for name, ahead in late:
        side = "ahead of" if ahead > 0 else "behind"
        cause = f"the clock of {name} is {abs(ahead):.1f} s {side} this machine's"
        hint = "timedatectl set-ntp true, on the one that is wrong"
        yield Fault(cause, hint, Where())
    if not late:
        for each in facts.clocks.values():
            _answered(each)


def _share(facts: LiveFacts) -> DatabaseShare:
    _require_server(facts)
    if facts.share is None:
        raise _untold()
    return _reached(facts.share)


def _database(facts: LiveFacts) -> DatabaseFacts:
    if facts.database is None:
        raise _untold()
    return _reached(facts.database)


def _redis(facts: LiveFacts) -> RedisFacts:
    if facts.redis is None:
        raise _untold()
    return _reached(facts.redis)


def _untold() -> NotJudged:
    return NotJudged(Outcome.UNKNOWN, "nobody asked", "report this as a bug")


def _require_server(facts: LiveFacts) -> None:
    if facts.configuration.database_scheme.startswith("sqlite"):
        hint = "set DATABASE_URL where a server is to be used"
        raise NotJudged(Outcome.SKIPPED, "SQLite is a file", hint)


def _reached(found: T | Failure) -> T:
    if isinstance(found, Failure):
        raise NotJudged(Outcome.UNKNOWN, found.cause, found.hint)
    return found


def _answered(found: T | Unanswered) -> T:
    if isinstance(found, Unanswered):
        raise NotJudged(Outcome.UNKNOWN, found.cause, found.hint)
    return found


def _version(text: str) -> tuple[int, ...]:
    """The numbers that a version begins with."""
    found = re.match(r"\d+(\.\d+)*", text)
    return tuple(map(int, found[0].split("."))) if found else ()


def _drops_the_least_used(memory: RedisMemory) -> bool:
    return bool(memory.limit) and memory.policy.endswith(("-lru", "-lfu"))


def _database_url(facts: LiveFacts) -> Where:
    return facts.configuration.where("DATABASE_URL")


def _redis_url(facts: LiveFacts) -> Where:
    return facts.configuration.where("REDIS_URL")
