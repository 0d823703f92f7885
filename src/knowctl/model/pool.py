"""Pools of database connections: of each worker, of all together, and against the database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from knowctl.model.results import Succeeded


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has a connection: without a request, its thread alone is known."""

    route: str | None
    request_id: str
    since_ms: float
    thread: str


@dataclass(frozen=True, slots=True)
class Pool:
    """A pool in connections and milliseconds; `open` are those that the database has too."""

    size: int
    open: int
    in_use: int
    idle: int
    overflow: int
    waiting: int
    oldest_wait_ms: float
    checkouts: int
    timeouts: int
    mean_wait_ms: float
    worst_wait_ms: float
    holders: tuple[Holder, ...] = ()


@dataclass(frozen=True, slots=True)
class HeldBy:
    """The connections that one endpoint has, and for how long its oldest one."""

    route: str | None
    connections: int
    oldest_ms: float
    request_id: str
    pid: int


@dataclass(frozen=True, slots=True)
class WorkerPool:
    """The pool of one worker; None before its first connection, or where there is none to keep."""

    pid: int
    generation: int
    pool: Pool | None


@dataclass(frozen=True, slots=True)
class DatabaseShare:
    """The database server's own count; this very question is in none of the numbers.

    `ours` are this instance's, counted by `counted_by`; `others` all the rest, among which
    `strangers` are not this product's. `pooled` says that a pooler stands between.
    """

    ours: int
    others: int
    strangers: int
    max_connections: int
    reserved: int
    counted_by: str
    pooled: bool = False


@dataclass(frozen=True, slots=True)
class Sizes:
    """What the settings say of connections; `threads` and `workers` where no worker tells."""

    threads: int
    workers: int
    size: int
    overflow: int
    replicas: int
    surge: int

    @property
    def at_once(self) -> int:
        """Servers that run at once: a rollout adds some, a reload on one host makes two of one."""
        return max(self.replicas + self.surge, 2)

    @property
    def per_worker(self) -> int:
        """Connections of one worker: one a thread, one for the background, within the pool."""
        return min(self.threads + 1, self.size + self.overflow)


@dataclass(frozen=True, slots=True)
class Budget:
    """The most connections there may be, against what the database has for this product.

    Source: one connection a thread and one for the background, no more than the pool makes;
    times the workers; times the servers that run at once, which a rollout or a reload adds to.
    """

    per_worker: int
    workers: int
    generations: int
    replicas: int
    peak: int
    limit: int | None

    @classmethod
    def of(cls, sizes: Sizes, limit: int | None) -> Budget:
        """The budget of these sizes; `limit` is what the database has for this product."""
        peak = sizes.at_once * sizes.workers * sizes.per_worker
        return cls(sizes.per_worker, sizes.workers, sizes.at_once, sizes.replicas, peak, limit)

    @property
    def fits(self) -> bool | None:
        """Whether there is room; None where the limit is not known."""
        return None if self.limit is None else self.peak <= self.limit

    @property
    def data(self) -> dict[str, Any]:
        """The shape that others rely on."""
        return {**{name: getattr(self, name) for name in self.__slots__}, "fits": self.fits}


@dataclass(frozen=True, slots=True)
class PoolStats(Succeeded):
    """Every worker's pool, and the database's view; `server` is a cause where that is not known.

    `silent` are the process ids of workers that did not answer.
    """

    workers: tuple[WorkerPool, ...]
    server: DatabaseShare | str
    budget: Budget
    silent: tuple[int, ...] = ()

    @property
    def total(self) -> Pool | None:
        """The sums over all workers; None where none has a pool."""
        return summed([each.pool for each in self.workers if each.pool])

    @property
    def holders(self) -> tuple[HeldBy, ...]:
        """Who has connections, by endpoint, the one with the oldest first."""
        return _by_route(self.workers)

    @property
    def data(self) -> object:
        """The shape that others rely on."""
        known = isinstance(self.server, DatabaseShare)
        return {
            "workers": [
                {"pid": each.pid, "generation": each.generation, **_fields(each.pool)}
                for each in self.workers
            ],
            "total": self.total,
            "holders": self.holders,
            "server": self.server if known else None,
            "server_cause": None if known else self.server,
            "budget": self.budget.data,
            "silent": self.silent,
        }


def summed(pools: Sequence[Pool]) -> Pool | None:
    """All pools as one, None of none; the mean wait is that of all checkouts, as in each pool."""
    if not pools:
        return None
    asked = sum(each.checkouts + each.timeouts for each in pools)
    waited = sum(each.mean_wait_ms * (each.checkouts + each.timeouts) for each in pools)
    holders = chain.from_iterable(each.holders for each in pools)
    return Pool(
        size=sum(each.size for each in pools),
        open=sum(each.open for each in pools),
        in_use=sum(each.in_use for each in pools),
        idle=sum(each.idle for each in pools),
        overflow=sum(each.overflow for each in pools),
        waiting=sum(each.waiting for each in pools),
        oldest_wait_ms=max(each.oldest_wait_ms for each in pools),
        checkouts=sum(each.checkouts for each in pools),
        timeouts=sum(each.timeouts for each in pools),
        mean_wait_ms=round(waited / asked, 3) if asked else 0.0,
        worst_wait_ms=max(each.worst_wait_ms for each in pools),
        holders=tuple(sorted(holders, key=lambda holder: -holder.since_ms)),
    )


def _by_route(workers: Iterable[WorkerPool]) -> tuple[HeldBy, ...]:
    held: dict[str | None, list[tuple[float, str, int]]] = {}
    for worker in workers:
        for each in worker.pool.holders if worker.pool else ():
            held.setdefault(each.route, []).append((each.since_ms, each.request_id, worker.pid))
    found = (HeldBy(route, len(each), *max(each)) for route, each in held.items())
    return tuple(sorted(found, key=lambda each: -each.oldest_ms))


def _fields(pool: Pool | None) -> dict[str, Any]:
    return {name: getattr(pool, name, None) for name in Pool.__slots__}
