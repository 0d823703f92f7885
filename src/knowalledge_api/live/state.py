"""The state of this process as others read it: numbers, the pool, and what is in flight."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import perf_counter, time
from typing import Any, Protocol

from knowalledge_api.cache import CacheState
from knowalledge_api.database.pool import PoolState
from knowalledge_api.generation import Generation
from knowalledge_api.live.memory import rss_bytes
from knowalledge_api.live.requests import MILLISECONDS, InFlight, Requests
from knowalledge_api.live.stacks import thread_names
from knowalledge_api.providers.choice import Ai


class HasPool(Protocol):
    """What knows the pool of connections: Database."""

    def pool_state(self) -> PoolState | None:
        """The pool as it is now; None where there is none."""
        ...


class HasStats(Protocol):
    """What counts its hits, and can be emptied: Cache."""

    def stats(self) -> CacheState:
        """Counts since the process began, and where values are kept."""
        ...

    def forget(self, namespace: str | None) -> int:
        """Drop a namespace, or everything, from this process's memory; how many values went."""
        ...


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Serving:
    """In what this process serves: gunicorn or waitress, with so many threads.

    `master` is the process that starts another in place of one that ended: gunicorn's, None for
    waitress. `retiring` tells whether this one has stopped accepting.
    """

    server: str
    threads: int
    generation: Generation | None = None
    master: int | None = None
    retiring: Callable[[], bool] = _never
    started: float = field(default_factory=time)

    @property
    def number(self) -> int:
        """The generation's, 0 without a supervisor."""
        return 0 if self.generation is None else self.generation.number

    @property
    def metrics_directory(self) -> Path | None:
        """Where the workers of all generations count together; None without a supervisor."""
        supervised = self.generation is not None and self.generation.is_supervised
        return self.generation.metrics_directory if supervised and self.generation else None

    @property
    def is_replaced(self) -> bool:
        """Whether somebody starts another process where this one ends."""
        supervised = self.generation is not None and self.generation.is_supervised
        return self.master is not None or supervised

    @property
    def phase(self) -> str:
        """Waiting for the gate to open, serving or retiring."""
        if self.retiring():
            return "retiring"
        waiting = self.generation is not None and not self.generation.is_open()
        return "waiting" if waiting else "serving"


@dataclass(frozen=True, slots=True)
class Readings:
    """Reads the state of this process. Asks nothing outside it, and waits for no request."""

    requests: Requests
    database: HasPool
    cache: HasStats
    ai: Ai | None = None

    def state(self, serving: Serving, stuck: int) -> dict[str, Any]:
        """All that `knowctl status`, `pool stats` and `inflight` show of one process."""
        inflight = self.requests.inflight()
        done = self.requests.served()
        pool = self.database.pool_state()
        return {
            "pid": os.getpid(),
            "generation": serving.number,
            "server": serving.server,
            "started": round(serving.started, 3),
            "age_s": round(time() - serving.started, 3),
            "state": serving.phase,
            "threads": {"busy": len(inflight), "total": serving.threads},
            "in_flight": len(inflight),
            "requests": done.number,
            "p50_ms": done.p50_ms,
            "p99_ms": done.p99_ms,
            "stuck": stuck,
            "rss_bytes": rss_bytes(),
            "pool": None if pool is None else asdict(pool),
            "cache": asdict(self.cache.stats()),
            "ai": None if self.ai is None else _slots(self.ai),
            "inflight": _told(inflight, _held_ms(pool)),
        }


def _slots(ai: Ai) -> dict[str, Any]:
    """How many calls to the AI are made, how many may be, and whether it is asked at all."""
    breaker = ai.breaker.state()
    return {
        "name": ai.name,
        "busy": ai.capacity.busy,
        "total": ai.capacity.size,
        "state": breaker.phase,
        "since": round(breaker.since, 3),
        "opened": breaker.opened,
        "why": breaker.why,
    }


def _held_ms(pool: PoolState | None) -> dict[str, float]:
    """For how long a request has had a connection, by its id."""
    holders = () if pool is None else pool.holders
    return {holder.request_id: holder.since_ms for holder in holders if holder.request_id}


def _told(inflight: list[InFlight], held: Mapping[str, float]) -> list[dict[str, Any]]:
    """Requests as others may see them: no path, which may hold a secret."""
    names = thread_names()
    now = perf_counter()
    return [
        {
            "id": request.id,
            "method": request.method,
            "route": request.route,
            "user": None,
            "address": request.address,
            "age_ms": round((now - request.started) * MILLISECONDS, 3),
            "thread": names.get(request.thread, str(request.thread)),
            "connection_held_ms": held.get(request.id),
        }
        for request in inflight
    ]
