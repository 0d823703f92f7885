"""Every series of the product, declared once: name, kind, labels, meaning."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

PREFIX: Final = "knowalledge_"
BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Upper bounds in seconds: from what a cache answers to what AI_REQUEST_BUDGET allows."""
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER: Final = "other"
"""The label of what is none of those that are known, so that nobody can invent labels."""
UNMATCHED: Final = "unmatched"
"""The route of requests that no route of ours matches."""


class Kind(StrEnum):
    """Counters and histograms outlive their worker; a gauge is of those that live."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Series:
    """One row of the table. Counters end in _total, and units are seconds and bytes."""

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()

    @property
    def samples(self) -> tuple[str, ...]:
        """The names that a scrape shows and an expression may use."""
        if self.kind is Kind.HISTOGRAM:
            return tuple(f"{self.name}_{part}" for part in ("bucket", "count", "sum"))
        return (self.name,)

    @property
    def kept(self) -> dict[str, int]:
        """The names that its numbers are kept under, each with how many labels it has there."""
        labels = len(self.labels)
        if self.kind is Kind.HISTOGRAM:
            return {f"{self.name}_bucket": labels + 1, f"{self.name}_sum": labels}
        return {self.name: labels}


def _counter(name: str, meaning: str, *labels: str) -> Series:
    return Series(f"{PREFIX}{name}_total", Kind.COUNTER, meaning, labels)


def _gauge(name: str, meaning: str, *labels: str) -> Series:
    return Series(f"{PREFIX}{name}", Kind.GAUGE, meaning, labels)


# fmt: off
REQUESTS: Final = _counter("requests", "Requests that ended", "method", "route", "status")
DURATION: Final = Series(f"{PREFIX}request_duration_seconds", Kind.HISTOGRAM, "How long requests took, from their head to the last byte of the answer", ("route",))
REQUEST_BYTES: Final = _counter("request_bytes", "Bytes of request bodies, as announced", "route")
RESPONSE_BYTES: Final = _counter("response_bytes", "Bytes of response bodies", "route")
IN_FLIGHT: Final = _gauge("requests_in_flight", "Requests being served, at most a second ago")
STUCK: Final = _counter("requests_stuck", "Requests that were older than GUNICORN_TIMEOUT")
LIMITED: Final = _counter("limited", "Requests refused because of a rate limit", "kind")
CACHE: Final = _counter("cache_requests", "Questions to the cache; the outcome is hit or miss", "namespace", "outcome")
DEGRADED: Final = _counter("degradations", "Times that a part gave way to a lesser one", "part")
DEGRADED_NOW: Final = _gauge("degraded", "Workers in which a part has given way to a lesser one", "part")
AI_CALLS: Final = _counter("ai_calls", "Calls to the writer of content; the outcome is ok or what failed", "provider", "outcome")
AI_REFUSED: Final = _counter("ai_refused", "Requests for which no call was made, by why", "reason")
AI_SECONDS: Final = _counter("ai_seconds", "Seconds that calls to the writer of content took", "provider")
AI_TOKENS: Final = _counter("ai_tokens", "Tokens that calls took, by direction: input or output", "provider", "direction")
AI_IN_FLIGHT: Final = _gauge("ai_in_flight", "Calls to the writer of content that are being answered")
AI_CAPACITY: Final = _gauge("ai_capacity", "Calls to the writer of content that may be made at once")
AI_BREAKER_OPEN: Final = _gauge("ai_breaker_open", "Workers that do not ask the writer of content because it failed")
DATABASE_UNAVAILABLE: Final = _counter("database_unavailable", "Questions that the database could not be asked", "fault")
POOL_SIZE: Final = _gauge("pool_size", "Connections that the pools keep")
POOL_OPEN: Final = _gauge("pool_open", "Connections that the database server has too")
POOL_IN_USE: Final = _gauge("pool_in_use", "Connections that somebody holds")
POOL_IDLE: Final = _gauge("pool_idle", "Connections that nobody holds")
POOL_OVERFLOW: Final = _gauge("pool_overflow", "Connections beyond the size of their pool")
POOL_WAITING: Final = _gauge("pool_waiting", "Threads that wait for a connection")
POOL_CHECKOUTS: Final = _counter("pool_checkouts", "Connections handed out")
POOL_TIMEOUTS: Final = _counter("pool_timeouts", "Threads that waited for a connection in vain")
THREADS: Final = _gauge("threads", "Threads that serve requests")
WORKERS: Final = _gauge("workers", "Processes that serve requests")
WORKERS_STARTED: Final = _counter("workers_started", "Processes that began to serve")
WORKERS_ENDED: Final = _counter("workers_ended", "Processes that ended in order: recycled, retired or stopped")
RESIDENT: Final = _gauge("resident_memory_bytes", "Resident memory of all workers; pages that they share count for each")
START_TIME: Final = _gauge("start_time_seconds", "When this server was started, in Unix time")
# fmt: on

TABLE: Final = (
    *(REQUESTS, DURATION, REQUEST_BYTES, RESPONSE_BYTES, IN_FLIGHT, STUCK, LIMITED, CACHE),
    *(DEGRADED, DEGRADED_NOW, AI_CALLS, AI_REFUSED, AI_SECONDS, AI_TOKENS, AI_IN_FLIGHT),
    *(AI_CAPACITY, AI_BREAKER_OPEN, DATABASE_UNAVAILABLE, POOL_SIZE, POOL_OPEN, POOL_IN_USE),
    *(POOL_IDLE, POOL_OVERFLOW, POOL_WAITING, POOL_CHECKOUTS, POOL_TIMEOUTS, THREADS, WORKERS),
    *(WORKERS_STARTED, WORKERS_ENDED, RESIDENT, START_TIME),
)
KEPT: Final = {name: labels for series in TABLE for name, labels in series.kept.items()}
"""What is kept, by name, with the number of its labels."""
GAUGES: Final = frozenset(series.name for series in TABLE if series.kind is Kind.GAUGE)


def key_of(name: str, *labels: str) -> str:
    """What a number is kept under."""
    return "\t".join((name, *labels))


def outlives(key: str) -> bool:
    """Whether the number under this key counts when its worker has ended."""
    return key.partition("\t")[0] not in GAUGES
