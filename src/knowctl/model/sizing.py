"""What a server needs of its machine and its database, as far as numbers tell beforehand."""

from __future__ import annotations

from typing import Final

SUPERVISOR_MB: Final = 10
FIRST_WORKER_MB: Final = 105
FURTHER_WORKER_MB: Final = 40
"""Megabytes of proportional set size. Source: benchmarks/README.md, F6."""
GENERATIONS: Final = 2
"""Alive at once while one reloads: what serves, and its candidate."""
USUAL_LIMITS: Final = {"postgres": 100 - 3, "mysql": 151, "mariadb": 151}
"""Connections by what an address begins with, less those kept for administrators.

Sources: PostgreSQL's max_connections and superuser_reserved_connections, MariaDB's and MySQL's
max_connections, as they come.
"""


def usual_limit(scheme: str) -> int | None:
    """Connections that a server of this kind has as it comes; None for SQLite, which has none."""
    found = (limit for name, limit in USUAL_LIMITS.items() if scheme.startswith(name))
    return next(found, None)


def memory_mb(workers: int) -> int:
    """Megabytes that a server of so many workers takes while it reloads."""
    one = FIRST_WORKER_MB + FURTHER_WORKER_MB * (workers - 1)
    return SUPERVISOR_MB + GENERATIONS * one


def workers_within(megabytes: int) -> int:
    """The most workers that so much memory holds while they reload; 0 where it holds none."""
    one = (megabytes - SUPERVISOR_MB) // GENERATIONS
    return max(0, (one - FIRST_WORKER_MB) // FURTHER_WORKER_MB + 1)
