"""What a database server says of itself, and what that means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum

from knowctl.errors import ErrorCode, Failure
from knowctl.model.health import HealthStatus


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
    """The next thing to type, as this database spells it; `end_session` has a `{pid}`."""

    encrypt: str
    write_again: str
    see_others: str
    end_session: str


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A question that the server did not answer, and the next thing to type."""

    cause: str
    hint: str


@dataclass(frozen=True, slots=True)
class Answers:
    """Milliseconds that connecting took, and a few trivial questions one after another."""

    connect_ms: float
    asked_ms: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Encryption:
    """How the way to the server is kept private; `protocol` and `cipher` are empty where not."""

    route: Route
    protocol: str = ""
    cipher: str = ""
    verified: bool = False


@dataclass(frozen=True, slots=True)
class WriteTest:
    """An insert that was rolled back, or why there was none."""

    outcome: Written
    cause: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Replication:
    """The server's part in replication; `lag_s` is its own, or the worst of its replicas."""

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
    """Connections to the whole server, ours among them; `reserved` are for administrators."""

    used: int
    limit: int
    reserved: int
    ours: int


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    """All that the server says; None where a database knows no such thing."""

    advice: Advice
    pooled: bool
    answers: Answers
    server: str | Unanswered
    encryption: Encryption | Unanswered
    write: WriteTest
    replication: Replication | Unanswered
    transactions: Transactions | Unanswered | None
    locks: tuple[LockWait, ...] | Unanswered | None
    connections: Connections | Unanswered | None


class PartStatus(StrEnum):
    """What is thought of one part; skipped is not passed, and unknown is not bad."""

    OK = "ok"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"
    DEGRADED = "degraded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Part:
    """One part judged: a fact for a person, figures for a program, and the sessions concerned."""

    status: PartStatus
    fact: str
    cause: str = ""
    hint: str = ""
    figures: Mapping[str, object] = field(default_factory=dict)
    sessions: tuple[LongTransaction | LockWait, ...] | None = None

    @property
    def data(self) -> dict[str, object]:
        """`status`, `fact`, `cause` and `hint`, the figures beside them, and the sessions."""
        named = {each.name: getattr(self, each.name) for each in fields(self)}
        figures, sessions = named.pop("figures"), named.pop("sessions")
        return {**named, **figures, **({} if sessions is None else {"sessions": sessions})}


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A database judged; the worst part decides."""

    database: str
    parts: Mapping[str, Part]

    @property
    def status(self) -> HealthStatus:
        """Failed where a part is, degraded where one is that or could not be judged."""
        found = {part.status for part in self.parts.values()}
        if PartStatus.FAILED in found:
            return HealthStatus.FAILED
        if found & {PartStatus.DEGRADED, PartStatus.UNKNOWN}:
            return HealthStatus.DEGRADED
        return HealthStatus.OK

    @property
    def failure(self) -> Failure | None:
        """Set when a part failed; a degraded or unknown part is a warning."""
        for name, part in self.parts.items():
            if part.status is PartStatus.FAILED:
                return Failure(ErrorCode.UNHEALTHY, f"{name} failed", part.cause, part.hint)
        return None

    @property
    def data(self) -> object:
        """The shape that others rely on; new fields may be added.

        `{status, database, parts: {name: {status, fact, cause, hint, …}}}`, where `status` is
        ok, degraded or failed, that of a part also skipped or unknown. What the parts add:

        - connection: connect_ms, best_ms, median_ms
        - server: version
        - tls: route, protocol, cipher, verified
        - write: outcome
        - replication: role, lag_s, replicas
        - transactions: hidden, sessions [{pid, age_s, state, application, user, statement}]
        - locks: sessions [{pid, waits_s, table, application, statement, blocked_by,
          blocker_state, blocker_application, blocker_statement}]
        - connections: used, limit, reserved, ours, pooled

        A part that is skipped or unknown, or failed because nothing answered, adds nothing.
        """
        parts = {name: part.data for name, part in self.parts.items()}
        return {"status": self.status, "database": self.database, "parts": parts}
