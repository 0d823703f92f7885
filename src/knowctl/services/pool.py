"""Pools of database connections: gathered, and held against what the database has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from knowctl.errors import KnowctlError
from knowctl.model.live import Supervision, Workers
from knowctl.model.pool import Budget, DatabaseShare, PoolStats, Sizes, WorkerPool

NO_LIST = "the database keeps no list of connections"
ELSEWHERE = "its database is not asked from here"


class Supervised(Protocol):
    """A running server on this machine."""

    def supervision(self) -> Supervision:
        """What the supervisor says; KnowctlError where it says nothing."""

    def workers(self) -> Workers:
        """What every worker says."""


class Remote(Protocol):
    """A running server that is asked by its URL."""

    def workers(self) -> Workers:
        """What every worker says."""


class Counting(Protocol):
    """The database server of the settings."""

    def share(self, instance: str) -> DatabaseShare | None:
        """Its own count; None where it keeps none, KnowctlError where it can't be asked."""


def stats(live: Supervised, database: Callable[[], Counting], sizes: Sizes) -> PoolStats:
    """The pools of a server on this machine, and its database's own count."""
    found, said = live.workers(), live.supervision()
    counted = _counted(database, said.supervisor.instance)
    return _of(found, counted, sizes, said.workers_wanted)


def remote(live: Remote, sizes: Sizes) -> PoolStats:
    """The pools of a server elsewhere; its database may be another than that of the settings."""
    return _of(live.workers(), ELSEWHERE, sizes, None)


def budget(workers: Workers, sizes: Sizes, wanted: int | None, limit: int | None) -> Budget:
    """The most connections there may be, by what the workers say of themselves."""
    found = workers.answered
    serving = max((each.generation for each in found), default=0)
    running = sum(each.generation == serving for each in found)
    told = replace(
        sizes,
        threads=max((each.threads.total for each in found), default=sizes.threads),
        size=max((each.pool.size for each in found if each.pool), default=sizes.size),
        workers=wanted or running or sizes.workers,
    )
    return Budget.of(told, limit)


def _of(found: Workers, server: DatabaseShare | str, sizes: Sizes, wanted: int | None) -> PoolStats:
    pools = (WorkerPool(each.pid, each.generation, each.pool) for each in found.answered)
    reckoned = budget(found, sizes, wanted, _limit(server))
    return PoolStats(tuple(pools), server, reckoned, tuple(each.pid for each in found.silent))


def _limit(server: DatabaseShare | str) -> int | None:
    """What is left for this product; behind a pooler the database's limit is the pooler's."""
    if isinstance(server, str) or server.pooled:
        return None
    return server.max_connections - server.reserved - server.strangers


def _counted(database: Callable[[], Counting], instance: str) -> DatabaseShare | str:
    try:
        return database().share(instance) or NO_LIST
    except KnowctlError as error:
        return error.failure.cause
