"""The cache of a running server, over all its workers and stores: looked at, and cleared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from knowctl.errors import KnowctlError
from knowctl.model.cache import CacheCleared, CacheStats, Emptied, StoreCleared, WorkerCache
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


class Stores(Protocol):
    """The database and the Redis of the settings."""

    def clear_contents(self, namespace: str | None) -> int:
        """Drop what was written; how many texts. KnowctlError where it can't be asked."""

    def clear_cache(self, namespace: str | None) -> int | None:
        """Drop our values; how many, None without a Redis. KnowctlError where it is away."""


def stats(live: Live) -> CacheStats:
    """What every worker's cache holds and finds."""
    return CacheStats(*live.caches(), live.now())


def clear(live: Live, stores: Callable[[], Stores], namespace: str | None) -> CacheCleared:
    """Drop a namespace, or everything: the workers last, lest they take it up again.

    A Redis that is away the workers themselves clear, before they use it again.
    """
    database = _cleared(lambda: stores().clear_contents(namespace), "")
    redis = _cleared(lambda: stores().clear_cache(namespace), NO_REDIS)
    return CacheCleared(namespace, *live.clear_cache(namespace), database, redis)


def _cleared(clearing: Callable[[], int | None], otherwise: str) -> StoreCleared:
    try:
        dropped = clearing()
    except KnowctlError as error:
        return StoreCleared(None, error.failure.cause or error.failure.message)
    return StoreCleared(dropped, otherwise if dropped is None else "")
