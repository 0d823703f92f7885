"""The cache of a running server, over all its workers and in Redis: looked at, and cleared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from knowctl.errors import KnowctlError
from knowctl.model.cache import CacheCleared, CacheStats, Emptied, WorkerCache
from knowctl.model.live import Silent

NO_REDIS = "REDIS_URL is not set"


class Live(Protocol):
    """A running server."""

    def now(self) -> float:
        """Seconds of the Unix epoch."""

    def caches(self) -> tuple[tuple[WorkerCache, ...], tuple[Silent, ...]]:
        """The cache of every worker, and who does not say."""

    def clear_cache(self, namespace: str | None) -> tuple[tuple[Emptied, ...], tuple[Silent, ...]]:
        """Have every worker drop what it has in memory."""


class Redis(Protocol):
    """The Redis of the settings."""

    def clear_cache(self, namespace: str | None) -> int | None:
        """Drop our values; how many, None without a Redis. KnowctlError where it is away."""


def stats(live: Live) -> CacheStats:
    """What every worker's cache holds and finds."""
    return CacheStats(*live.caches(), live.now())


def clear(live: Live, redis: Callable[[], Redis], namespace: str | None) -> CacheCleared:
    """Drop a namespace, or everything: in Redis first, lest a worker takes it up again.

    A Redis that is away the workers themselves clear, before they use it again.
    """
    why = ""
    try:
        dropped = redis().clear_cache(namespace)
        why = NO_REDIS if dropped is None else ""
    except KnowctlError as error:
        dropped, why = None, error.failure.cause
    return CacheCleared(namespace, *live.clear_cache(namespace), dropped, why)
