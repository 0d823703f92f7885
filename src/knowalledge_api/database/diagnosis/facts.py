"""What can be found out about a database server, as plain values without secrets."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from typing import Final

ROWS: Final = 20
"""Sessions listed at most: a person reads a few, and the rest are mostly their victims."""

QUESTION: Final = 80
"""Characters of a statement that are shown: enough to find it again in the code."""


class Route(StrEnum):
    """The way to the server."""

    FILE = "file"
    SOCKET = "local socket"
    LOOPBACK = "loopback"
    NETWORK = "network"


class Role(StrEnum):
    """What the server is among its copies."""

    STANDALONE = "standalone"
    PRIMARY = "primary"
    REPLICA = "replica"


class Written(StrEnum):
    """What became of an attempt to write."""

    ROLLED_BACK = "rolled back"
    READ_ONLY = "read-only"
    NO_TABLE = "no table"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Advice:
    """The next thing to type, as each database spells it; `end_session` has a `{pid}`."""

    encrypt: str
    write_again: str
    see_others: str
    end_session: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """A question that the server did not answer, and the next thing to do."""

    cause: str
    hint: str


@dataclass(frozen=True, slots=True)
class Answers:
    """Milliseconds that connecting took, and a few trivial questions one after another."""

    connect_ms: float
    asked_ms: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Encryption:
    """How the way to the server is kept private; `protocol` and `cipher` are empty where not.

    `verified` says that the server's certificate was held against an authority.
    """

    route: Route
    protocol: str = ""
    cipher: str = ""
    verified: bool = False


@dataclass(frozen=True, slots=True)
class Write:
    """An insert that was rolled back, or why there was none."""

    outcome: Written
    cause: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Replication:
    """The server's part in replication.

    `lag_s` is a replica's own, or the worst of a primary's replicas; None where it is not known.
    `replicas` counts those that are connected, and `broken` says why a replica gets nothing.
    """

    role: Role
    lag_s: float | None = None
    replicas: int = 0
    broken: str = ""


@dataclass(frozen=True, slots=True)
class LongTransaction:
    """A transaction that has been open for long; `statement` is its last, without values."""

    pid: int
    age_s: float
    state: str
    application: str
    user: str
    statement: str


@dataclass(frozen=True, slots=True)
class Transactions:
    """The oldest first; `hidden` sessions belong to users whom this one may not look at."""

    sessions: tuple[LongTransaction, ...]
    hidden: int = 0


@dataclass(frozen=True, slots=True)
class LockWait:
    """A session that waits for a lock; `blocked_by` is None where the server does not tell."""

    pid: int
    waits_s: float
    table: str
    application: str
    statement: str
    blocked_by: int | None
    blocker_state: str
    blocker_application: str
    blocker_statement: str


@dataclass(frozen=True, slots=True)
class Connections:
    """Connections to the whole server; `reserved` are kept for administrators.

    `ours` are this product's, this very connection included.
    """

    used: int
    limit: int
    reserved: int
    ours: int


@dataclass(frozen=True, slots=True)
class Facts:
    """All of it; None where a database knows no such thing.

    `pooled` says that a pooler of transactions stands between: connections to the server are its.
    """

    advice: Advice
    pooled: bool
    answers: Answers
    server: str | Unknown
    encryption: Encryption | Unknown
    write: Write
    replication: Replication | Unknown
    transactions: Transactions | Unknown | None
    locks: tuple[LockWait, ...] | Unknown | None
    connections: Connections | Unknown | None


def route_to(host: str | None) -> Route:
    """The way to a host as a URL names it; libpq takes a path for the directory of a socket."""
    if not host or host.startswith(("/", "@")):
        return Route.SOCKET
    with suppress(ValueError):
        return Route.LOOPBACK if ip_address(host.strip("[]")).is_loopback else Route.NETWORK
    return Route.LOOPBACK if host == "localhost" else Route.NETWORK
