"""What is counted and measured, over all workers of all generations of a server."""

from knowalledge_api.metrics.recording import (
    AI_CALLS,
    CACHE,
    DATABASE_UNAVAILABLE,
    DEGRADED,
    LIMITED,
    RECORDER,
    observe,
)

__all__ = [
    "AI_CALLS",
    "CACHE",
    "DATABASE_UNAVAILABLE",
    "DEGRADED",
    "LIMITED",
    "RECORDER",
    "observe",
]
