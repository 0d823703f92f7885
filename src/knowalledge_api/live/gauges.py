"""What is measured by looking: the numbers of this process as they are, for its metrics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from knowalledge_api.live.memory import rss_bytes
from knowalledge_api.live.requests import Requests
from knowalledge_api.live.state import HasPool
from knowalledge_api.live.stuck import StuckWatch
from knowalledge_api.metrics import table
from knowalledge_api.metrics.recording import Recorder
from knowalledge_api.metrics.table import key_of
from knowalledge_api.providers.breaker import BreakerPhase
from knowalledge_api.providers.choice import Ai

POOL: Final = (
    (table.POOL_SIZE, "size"),
    (table.POOL_OPEN, "open"),
    (table.POOL_IN_USE, "in_use"),
    (table.POOL_IDLE, "idle"),
    (table.POOL_OVERFLOW, "overflow"),
    (table.POOL_WAITING, "waiting"),
    (table.POOL_CHECKOUTS, "checkouts"),
    (table.POOL_TIMEOUTS, "timeouts"),
)
"""Which series shows which number of PoolState."""


@dataclass(frozen=True, slots=True)
class Gauges:
    """Asks nothing outside this process, and waits for no request."""

    recorder: Recorder
    requests: Requests
    database: HasPool
    stuck: StuckWatch
    degraded: Callable[[], bool]
    ai: Ai | None = None

    def look(self) -> None:
        """Put what is so now."""
        put = self.recorder.put
        put(table.IN_FLIGHT.name, self.requests.number_in_flight())
        put(table.THREADS.name, self.stuck.threads)
        put(table.STUCK.name, self.stuck.count)
        put(table.RESIDENT.name, rss_bytes() or 0)
        put(key_of(table.DEGRADED_NOW.name, "redis"), self.degraded())
        if self.ai is not None:
            put(table.AI_IN_FLIGHT.name, self.ai.capacity.busy)
            put(table.AI_CAPACITY.name, self.ai.capacity.size)
            put(table.AI_BREAKER_OPEN.name, self.ai.breaker.state().phase is BreakerPhase.OPEN)
        pool = self.database.pool_state()
        if pool is not None:
            for series, attribute in POOL:
                put(series.name, getattr(pool, attribute))
