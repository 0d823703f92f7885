"""The database server judged by what it says of itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from statistics import median
from typing import Final, Protocol, TypeVar

from knowctl.checks.live import FULL, OLD_TLS
from knowctl.errors import KnowctlError
from knowctl.model.diagnosis import (
    Advice,
    Answers,
    Connections,
    DatabaseFacts,
    Diagnosis,
    Encryption,
    LockWait,
    Part,
    PartStatus,
    Replication,
    Role,
    Route,
    Transactions,
    Unanswered,
    WriteTest,
    Written,
)

SLOW_MS: Final = 50.0
"""Half of the answers take longer: five such questions would use up the 250 ms that a cheap
endpoint is promised to take at most."""
LONG_TRANSACTION: Final = 60.0
"""Seconds; a request lasts at most some seconds, so that whoever holds a snapshot for a minute is
forgotten, and keeps dead rows from being removed and migrations from their locks."""
LONG_WAIT: Final = 1.0
"""Seconds; the server ends a request's statement soon after, so such a wait is felt."""
LATE: Final = 10.0
"""Seconds; replication lags by milliseconds, and a failover now would lose this much."""
PARTS: Final = (
    "connection", "server", "tls", "write", "replication", "transactions", "locks", "connections",
)  # fmt: skip

OK, DEGRADED, FAILED = PartStatus.OK, PartStatus.DEGRADED, PartStatus.FAILED
T = TypeVar("T")


class Server(Protocol):
    """The database server of the settings."""

    @property
    def name(self) -> str:
        """Its address without the password."""

    def facts(self, *, long_transaction: float, lock_wait: float) -> DatabaseFacts:
        """What it says; KnowctlError where nothing can be asked.

        Transactions and waits that are shorter, in seconds, are left out.
        """


def diagnose(
    server: Server, *, long_transaction: float = LONG_TRANSACTION, lock_wait: float = LONG_WAIT
) -> Diagnosis:
    """Ask the server and judge what it says."""
    try:
        facts = server.facts(long_transaction=long_transaction, lock_wait=lock_wait)
    except KnowctlError as error:
        failure = error.failure
        silent = Part(FAILED, "nothing answers", failure.cause, failure.hint)
        rest = Part(PartStatus.SKIPPED, "skipped: there is no connection")
        return Diagnosis(server.name, {**dict.fromkeys(PARTS, rest), PARTS[0]: silent})
    return Diagnosis(server.name, judge(facts, long_transaction))


def judge(facts: DatabaseFacts, long_transaction: float = LONG_TRANSACTION) -> dict[str, Part]:
    """What each fact means."""
    advice = facts.advice
    judged = (
        _answers(facts.answers),
        _known(facts.server, lambda version: Part(OK, version, figures={"version": version})),
        _known(facts.encryption, lambda found: _encryption(found, advice)),
        _write(facts.write, facts.replication, advice),
        _known(facts.replication, _replication),
        _known(facts.transactions, lambda found: _transactions(found, long_transaction, advice)),
        _known(facts.locks, lambda found: _locks(found, advice)),
        _known(facts.connections, lambda found: _connections(found, pooled=facts.pooled)),
    )
    return dict(zip(PARTS, judged, strict=True))


def _known(found: T | Unanswered | None, of: Callable[[T], Part]) -> Part:
    if found is None:
        return Part(PartStatus.SKIPPED, "skipped: SQLite keeps no list of them")
    if isinstance(found, Unanswered):
        return Part(PartStatus.UNKNOWN, "not known", found.cause, found.hint)
    return of(found)


def _answers(answers: Answers) -> Part:
    best, middle = min(answers.asked_ms), median(answers.asked_ms)
    fact = f"connected in {answers.connect_ms:.0f} ms, answers in {middle:.1f} ms"
    figures = {"connect_ms": answers.connect_ms, "best_ms": best, "median_ms": middle}
    if middle < SLOW_MS:
        return Part(OK, fact, figures=figures)
    cause = f"half of the answers took over {SLOW_MS:g} ms (the best one {best:.1f} ms)"
    hint = "is the server far away, or overloaded? see its load, and ping its host"
    return Part(DEGRADED, fact, cause, hint, figures)


def _encryption(found: Encryption, advice: Advice) -> Part:
    figures = asdict(found)
    if not found.protocol:
        if found.route is not Route.NETWORK:
            return Part(OK, f"none: {found.route}", figures=figures)
        cause = "what is asked and answered crosses the network in the clear"
        return Part(DEGRADED, "none", cause, advice.encrypt, figures)
    checked = "checked" if found.verified else "not checked"
    fact = f"{found.protocol}, {found.cipher}, certificate {checked}"
    if found.protocol in OLD_TLS:
        cause = f"{found.protocol} is no longer held to be safe"
        return Part(DEGRADED, fact, cause, "let the server speak TLS 1.2 or newer", figures)
    return Part(OK, fact, figures=figures)


def _write(tried: WriteTest, replication: Replication | Unanswered, advice: Advice) -> Part:
    figures = {"outcome": tried.outcome}
    if tried.outcome is Written.ROLLED_BACK:
        return Part(OK, "an insert was tried and rolled back", figures=figures)
    if tried.outcome is Written.NO_TABLE:
        cause = "there is no table of ours to write into"
        return Part(DEGRADED, "not tried", cause, "knowctl db init", figures)
    if tried.outcome is Written.FAILED:
        return Part(FAILED, "failed", tried.cause, tried.hint, figures)
    if isinstance(replication, Unanswered):
        cause = "it may be a replica, or somebody made it so: that is not known"
        return Part(DEGRADED, "read-only", cause, replication.hint, figures)
    if replication.role is Role.REPLICA:
        cause = "it is a replica: what learners do can't be kept here"
        return Part(DEGRADED, "read-only", cause, "point DATABASE_URL to the primary", figures)
    cause = "it is no replica, and yet nothing may be written"
    return Part(FAILED, "read-only", cause, advice.write_again, figures)


def _replication(found: Replication) -> Part:
    lag = "" if found.lag_s is None else f", {found.lag_s:.1f} s behind"
    counted = f" of {found.replicas}" if found.replicas else ""
    fact = f"{found.role}{counted}{lag}"
    figures = {"role": found.role, "lag_s": found.lag_s, "replicas": found.replicas}
    if found.broken:
        hint = "see the log of the replica, and whether its primary can be reached"
        return Part(DEGRADED, fact, found.broken, hint, figures)
    if found.lag_s is not None and found.lag_s >= LATE:
        cause = f"a failover now would lose what was written in the last {found.lag_s:.0f} s"
        hint = "see the load of the replica, and the network between"
        return Part(DEGRADED, fact, cause, hint, figures)
    return Part(OK, fact, figures=figures)


def _transactions(found: Transactions, seconds: float, advice: Advice) -> Part:
    figures = {"hidden": found.hidden}
    unseen = f"; {found.hidden} sessions of other users can't be seen" if found.hidden else ""
    if not found.sessions:
        hint = advice.see_others if found.hidden else ""
        return Part(OK, f"none over {seconds:g} s{unseen}", "", hint, figures, ())
    fact = f"{len(found.sessions)} open for over {seconds:g} s{unseen}"
    cause = "an open transaction keeps dead rows, and locks that a migration may need"
    hint = f"to end the oldest: {advice.end_session.format(pid=found.sessions[0].pid)}"
    return Part(DEGRADED, fact, cause, hint, figures, found.sessions)


def _locks(waits: tuple[LockWait, ...], advice: Advice) -> Part:
    if not waits:
        return Part(OK, "nobody waits", sessions=())
    fact = f"{len(waits)} waiting, for up to {max(each.waits_s for each in waits):.0f} s"
    waiting = {each.pid for each in waits}
    holders = [each.blocked_by for each in waits if each.blocked_by not in waiting | {None}]
    if not holders:
        hint = "the oldest open transaction is the likeliest holder"
        return Part(DEGRADED, fact, "the server does not tell who holds the lock", hint, {}, waits)
    cause = f"session {holders[0]} holds what they wait for"
    hint = f"to end it: {advice.end_session.format(pid=holders[0])}"
    return Part(DEGRADED, fact, cause, hint, {}, waits)


def _connections(found: Connections, *, pooled: bool) -> Part:
    room = found.limit - found.reserved
    kept = f" ({found.reserved} more are kept for administrators)" if found.reserved else ""
    whose = "; behind PgBouncer: they are the pooler's" if pooled else ""
    fact = f"{found.used} of {room} used{kept}, {found.ours} by us{whose}"
    figures = {**asdict(found), "pooled": pooled}
    if found.used < room * FULL:
        return Part(OK, fact, figures=figures)
    cause = f"over {FULL:.0%} are used: a reload or a rollout needs room for a second set"
    hint = "fewer workers, a smaller DB_POOL_SIZE, or a larger max_connections"
    return Part(DEGRADED, fact, cause, hint, figures)
