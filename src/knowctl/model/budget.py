"""The budget of connections as settings alone tell it, and what to change where it is too large."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from knowctl.errors import ErrorCode, Failure
from knowctl.model.pool import Budget, Sizes
from knowctl.model.sizing import usual_limit

DATABASES: Final = {"postgres": "PostgreSQL", "mysql": "MySQL", "mariadb": "MariaDB"}
RESERVED: Final = {"PostgreSQL": 3}
"""Connections that are kept for administrators. Source: superuser_reserved_connections."""
POOLER: Final = "PgBouncer"
POOLER_LIMIT: Final = 100
"""Clients that a pooler takes as it comes. Source: PgBouncer's max_client_conn."""


@dataclass(frozen=True, slots=True)
class Room:
    """The connections that there are for this product; without a limit `max_connections` is None.

    `given` says that somebody named the limit, else it is the usual one of `database`.
    """

    database: str
    max_connections: int | None
    reserved: int = 0
    given: bool = False

    @property
    def setting(self) -> str:
        """What the database, or the pooler before it, calls the limit."""
        return "max_client_conn" if self.database == POOLER else "max_connections"

    @property
    def limit(self) -> int | None:
        """What is left beside administrators; None where nothing limits it."""
        return (
            None if self.max_connections is None else max(0, self.max_connections - self.reserved)
        )

    @property
    def data(self) -> dict[str, Any]:
        """The fields, and what they come to."""
        return {**{name: getattr(self, name) for name in self.__slots__}, "limit": self.limit}


@dataclass(frozen=True, slots=True)
class Change:
    """Settings with which it fits, and the most connections that there are then."""

    settings: Mapping[str, int]
    peak: int

    def __str__(self) -> str:
        return " ".join(f"{name}={value}" for name, value in self.settings.items())


@dataclass(frozen=True, slots=True)
class Proposal:
    """What to change, each of `changes` alone being enough; or what the database has to have."""

    changes: tuple[Change, ...]
    max_connections: int


@dataclass(frozen=True, slots=True)
class ReckonedBudget:
    """The budget that the settings of a server come to."""

    server: str
    sizes: Sizes
    room: Room

    @property
    def budget(self) -> Budget:
        """The arithmetic."""
        return Budget.of(self.sizes, self.room.limit)

    @property
    def proposal(self) -> Proposal | None:
        """What to change; None where there is room enough."""
        return proposal(self.sizes, self.room)

    @property
    def failure(self) -> Failure | None:
        """Set where there is not room enough."""
        if self.proposal is None:
            return None
        change, *_ = (*map(str, self.proposal.changes), self.wish)
        return Failure(
            ErrorCode.FINDINGS,
            "the connections that there may be are more than there is room for",
            f"{self.budget.peak} at most, room for {self.room.limit}",
            change,
        )

    @property
    def wish(self) -> str:
        """What the database has to have where nothing else is changed."""
        wanted = self.budget.peak + self.room.reserved
        return f"{self.room.setting} = {wanted} in {self.room.database}"

    @property
    def data(self) -> object:
        """The budget in the shape that others rely on, what it was made from, and the proposal."""
        return {
            "budget": self.budget.data,
            "proposal": self.proposal,
            "sizes": self.sizes,
            "room": self.room.data,
            "server": self.server,
        }


def room_of(scheme: str, pooler: str = "none", given: int | None = None) -> Room:
    """What a database of this kind has room for: as somebody says, else as it comes."""
    name = next((each for kind, each in DATABASES.items() if scheme.startswith(kind)), "SQLite")
    usual = usual_limit(scheme)
    if pooler == "pgbouncer" and name == "PostgreSQL":
        name, usual = POOLER, POOLER_LIMIT
    reserved = RESERVED.get(name, 0)
    if given is not None:
        return Room(name, given, reserved, given=True)
    return Room(name, None if usual is None else usual + reserved, reserved)


def proposal(sizes: Sizes, room: Room) -> Proposal | None:
    """The largest numbers that fit, None where those of `sizes` do."""
    budget = Budget.of(sizes, room.limit)
    if room.limit is None or budget.fits:
        return None
    return Proposal(tuple(_changes(sizes, room.limit)), budget.peak + room.reserved)


def pool_of(connections: int, kept: int) -> dict[str, int]:
    """The settings of a pool of so many connections, of which up to `kept` stay open."""
    size = min(kept, connections)
    return {"DB_POOL_SIZE": size, "DB_MAX_OVERFLOW": connections - size}


def _changes(sizes: Sizes, limit: int) -> Iterator[Change]:
    """A smaller pool, fewer workers; both where neither is enough."""
    one, several = replace(sizes, workers=1), False
    if pool := limit // (sizes.at_once * sizes.workers):
        yield Change(pool_of(pool, sizes.size), sizes.at_once * sizes.workers * pool)
        several = True
    if workers := limit // (sizes.at_once * sizes.per_worker):
        peak = sizes.at_once * workers * sizes.per_worker
        yield Change({"GUNICORN_WORKERS": workers}, peak)
        several = True
    if not several and (pool := limit // one.at_once):
        settings = {"GUNICORN_WORKERS": 1, **pool_of(pool, sizes.size)}
        yield Change(settings, one.at_once * pool)
