from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from knowctl.errors import ErrorCode, KnowctlError
from knowctl.model.diagnosis import (
    Advice,
    Answers,
    Connections,
    DatabaseFacts,
    Encryption,
    LockWait,
    LongTransaction,
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
from knowctl.services.diagnosis import LONG_TRANSACTION, LONG_WAIT, PARTS, diagnose, judge

OK, SKIPPED, UNKNOWN, DEGRADED, FAILED = PartStatus
WELL = DatabaseFacts(
    advice=Advice("encrypt it", "let it write", "let it see", "END {pid}"),
    pooled=False,
    answers=Answers(12.4, (0.9, 0.4, 0.5)),
    server="PostgreSQL 18.1",
    encryption=Encryption(Route.LOOPBACK),
    write=WriteTest(Written.ROLLED_BACK),
    replication=Replication(Role.STANDALONE),
    transactions=Transactions(()),
    locks=(),
    connections=Connections(3, 100, 3, 1),
)
IDLE = LongTransaction(7, 99.0, "idle in transaction", "app", "u", "SELECT ?")
WAIT = LockWait(8, 3.0, "topics", "a", "UPDATE", 7, "idle in transaction", "b", "")
PRIVATE = Unanswered("this user may not see it", "GRANT IT")


@dataclass
class FakeServer:
    found: DatabaseFacts | KnowctlError = WELL
    name: str = "postgresql://u:********@h/x"
    asked: list[tuple[float, float]] = field(default_factory=list)

    def facts(self, *, long_transaction: float, lock_wait: float) -> DatabaseFacts:
        self.asked.append((long_transaction, lock_wait))
        if isinstance(self.found, KnowctlError):
            raise self.found
        return self.found


def part(name: str, **facts: Any) -> Part:
    return judge(replace(WELL, **facts))[name]


def told(part: Part) -> tuple[PartStatus, str, str]:
    return part.status, part.fact, part.hint


def test_a_server_that_is_well_is_ok_in_every_part_in_order() -> None:
    server = FakeServer()
    found = diagnose(server)
    assert found.database == server.name
    assert tuple(found.parts) == PARTS
    assert {each.status for each in found.parts.values()} == {OK}
    assert {each.cause + each.hint for each in found.parts.values()} == {""}
    assert server.asked == [(LONG_TRANSACTION, LONG_WAIT)]


def test_a_server_that_is_silent_fails_and_the_rest_is_skipped() -> None:
    error = KnowctlError(ErrorCode.DATABASE, "no answer", cause="refused", hint="start it")
    found = diagnose(FakeServer(error), long_transaction=1, lock_wait=2)
    assert tuple(found.parts) == PARTS
    first, *rest = found.parts.values()
    assert first == Part(FAILED, "nothing answers", "refused", "start it")
    assert {each.status for each in rest} == {SKIPPED}


@pytest.mark.parametrize("name", sorted(set(PARTS) - {"connection", "write"}))
def test_what_the_server_does_not_answer_is_unknown(name: str) -> None:
    fact = {"tls": "encryption"}.get(name, name)
    found = part(name, **{fact: PRIVATE})
    assert found == Part(UNKNOWN, "not known", "this user may not see it", "GRANT IT")


@pytest.mark.parametrize("name", ["transactions", "locks", "connections"])
def test_what_a_database_keeps_no_list_of_is_skipped(name: str) -> None:
    assert part(name, **{name: None}).status is SKIPPED


def test_answers_are_told_by_their_median() -> None:
    found = part("connection")
    assert found.fact == "connected in 12 ms, answers in 0.5 ms"
    assert found.figures == {"connect_ms": 12.4, "best_ms": 0.4, "median_ms": 0.5}
    assert part("connection", answers=Answers(1, (0.1, 49.9, 900))).status is OK
    slow = part("connection", answers=Answers(1, (0.1, 50.0, 900)))
    assert slow.status is DEGRADED
    assert slow.cause == "half of the answers took over 50 ms (the best one 0.1 ms)"


@pytest.mark.parametrize(
    ("found", "told_of"),
    [
        (Encryption(Route.FILE), (OK, "none: file", "")),
        (Encryption(Route.SOCKET), (OK, "none: local socket", "")),
        (Encryption(Route.LOOPBACK), (OK, "none: loopback", "")),
        (Encryption(Route.NETWORK), (DEGRADED, "none", "encrypt it")),
        (
            Encryption(Route.NETWORK, "TLSv1.3", "AES", verified=True),
            (OK, "TLSv1.3, AES, certificate checked", ""),
        ),
        (
            Encryption(Route.NETWORK, "TLSv1.2", "AES"),
            (OK, "TLSv1.2, AES, certificate not checked", ""),
        ),
        (
            Encryption(Route.NETWORK, "TLSv1.1", "AES"),
            (
                DEGRADED,
                "TLSv1.1, AES, certificate not checked",
                "let the server speak TLS 1.2 or newer",
            ),
        ),
    ],
)
def test_a_network_wants_tls(found: Encryption, told_of: tuple[PartStatus, str, str]) -> None:
    assert told(part("tls", encryption=found)) == told_of


READ_ONLY = WriteTest(Written.READ_ONLY)


@pytest.mark.parametrize(
    ("tried", "replication", "told_of"),
    [
        (WriteTest(Written.NO_TABLE), WELL.replication, (DEGRADED, "not tried", "knowctl db init")),
        (
            WriteTest(Written.FAILED, "disk full", "free it"),
            WELL.replication,
            (FAILED, "failed", "free it"),
        ),
        (
            READ_ONLY,
            Replication(Role.REPLICA),
            (DEGRADED, "read-only", "point DATABASE_URL to the primary"),
        ),
        (READ_ONLY, Replication(Role.PRIMARY), (FAILED, "read-only", "let it write")),
        (READ_ONLY, Replication(Role.STANDALONE), (FAILED, "read-only", "let it write")),
        (READ_ONLY, PRIVATE, (DEGRADED, "read-only", "GRANT IT")),
    ],
)
def test_a_server_that_takes_no_writes_is_judged_by_its_role(
    tried: WriteTest,
    replication: Replication | Unanswered,
    told_of: tuple[PartStatus, str, str],
) -> None:
    found = part("write", write=tried, replication=replication)
    assert told(found) == told_of
    assert found.cause
    assert found.figures == {"outcome": tried.outcome}


@pytest.mark.parametrize(
    ("found", "status", "fact"),
    [
        (Replication(Role.PRIMARY, None, 2), OK, "primary of 2"),
        (Replication(Role.PRIMARY, 9.9, 1), OK, "primary of 1, 9.9 s behind"),
        (Replication(Role.PRIMARY, 10.0, 1), DEGRADED, "primary of 1, 10.0 s behind"),
        (Replication(Role.REPLICA, 0.0), OK, "replica, 0.0 s behind"),
        (Replication(Role.REPLICA, None, broken="it is paused"), DEGRADED, "replica"),
    ],
)
def test_a_replica_that_is_late_or_broken_is_degraded(
    found: Replication, status: PartStatus, fact: str
) -> None:
    judged = part("replication", replication=found)
    assert (judged.status, judged.fact, bool(judged.hint)) == (status, fact, status is DEGRADED)
    assert judged.cause.startswith(found.broken)
    assert judged.figures["lag_s"] == found.lag_s


def test_long_transactions_are_listed_with_how_to_end_the_oldest() -> None:
    found = part("transactions", transactions=Transactions((IDLE, IDLE)))
    assert told(found) == (DEGRADED, "2 open for over 60 s", "to end the oldest: END 7")
    assert found.sessions == (IDLE, IDLE)


def test_sessions_that_may_not_be_seen_are_counted() -> None:
    found = part("transactions", transactions=Transactions((), 2))
    fact = "none over 60 s; 2 sessions of other users can't be seen"
    assert told(found) == (OK, fact, "let it see")
    assert found.figures == {"hidden": 2}


@pytest.mark.parametrize(
    ("waits", "hint"),
    [
        ((WAIT,), "to end it: END 7"),
        ((replace(WAIT, pid=9, blocked_by=8), WAIT), "to end it: END 7"),
        ((replace(WAIT, blocked_by=None),), "the oldest open transaction is the likeliest holder"),
        (
            (WAIT, replace(WAIT, pid=7, blocked_by=8)),
            "the oldest open transaction is the likeliest holder",
        ),
    ],
)
def test_who_holds_a_lock_and_waits_for_none_is_the_one_to_end(
    waits: tuple[LockWait, ...], hint: str
) -> None:
    found = part("locks", locks=waits)
    assert told(found) == (DEGRADED, f"{len(waits)} waiting, for up to 3 s", hint)
    assert found.sessions == waits


@pytest.mark.parametrize(
    ("found", "pooled", "status", "fact"),
    [
        (
            Connections(77, 100, 3, 5),
            False,
            OK,
            "77 of 97 used (3 more are kept for administrators), 5 by us",
        ),
        (
            Connections(78, 100, 3, 5),
            False,
            DEGRADED,
            "78 of 97 used (3 more are kept for administrators), 5 by us",
        ),
        (
            Connections(1, 10, 0, 1),
            True,
            OK,
            "1 of 10 used, 1 by us; behind PgBouncer: they are the pooler's",
        ),
    ],
)
def test_connections_leave_room_for_a_second_set(
    found: Connections, *, pooled: bool, status: PartStatus, fact: str
) -> None:
    judged = part("connections", connections=found, pooled=pooled)
    assert (judged.status, judged.fact) == (status, fact)
    assert judged.figures["limit"] == found.limit
    assert judged.figures["pooled"] is pooled
