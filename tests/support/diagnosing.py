"""Databases diagnosed as `knowctl db health` does, and what that says of each kind of trouble."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, create_engine, text

from knowalledge_api.database.engine import database_url
from knowctl.errors import ExitCode
from knowctl.model.diagnosis import Diagnosis, LockWait, LongTransaction, Part, PartStatus
from knowctl.probes.diagnosis import DiagnosisProbe
from knowctl.services.diagnosis import diagnose
from tests.support.configuration import PASSWORD, settings_of

CANARY = "ada@example.org"
"""Stands for personal data in a statement."""
SECONDS = 30.0


def diagnosed(
    url: str, *, long_transaction: float = 60, lock_wait: float = 60, **settings: str
) -> Diagnosis:
    """The diagnosis, which takes bounded time and shows no secret."""
    probe = DiagnosisProbe(settings_of(DATABASE_URL=url, **settings))
    started = time.monotonic()
    found = diagnose(probe, long_transaction=long_transaction, lock_wait=lock_wait)
    assert time.monotonic() - started < 15
    assert PASSWORD not in repr(found)
    assert CANARY not in repr(found)
    return found


def eventually(url: str, name: str, holds: Callable[[Part], bool], **limits: float) -> Part:
    """A part of the diagnosis, once it is as wanted; what it is like at last where it never is."""
    end = time.monotonic() + SECONDS
    while True:
        part = diagnosed(url, **limits).parts[name]  # type: ignore[arg-type]  # limits are no settings
        if holds(part) or time.monotonic() > end:
            return part


@contextmanager
def session(url: str) -> Iterator[Connection]:
    """Another program's connection."""
    engine = create_engine(database_url(settings_of(DATABASE_URL=url).database_url))
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def insert_topic(connection: Connection, digest: str) -> None:
    """Write a row, with somebody's address in the statement itself, and keep its lock."""
    connection.execute(
        text(
            "INSERT INTO topics (digest, text, created_at)"  # noqa: S608 -- our own words
            f" VALUES ('{digest}', '{CANARY}', '2026-01-02 03:04:05')"
        )
    )


def update_topics(connection: Connection) -> None:
    """Want every row's lock."""
    connection.execute(text(f"UPDATE topics SET text = '{CANARY}' WHERE 1 = 1"))  # noqa: S608 -- our own words


@contextmanager
def in_background(work: Callable[[], Any]) -> Iterator[None]:
    """Work that waits; it is waited for at the end of the block."""
    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        thread.join(SECONDS)
        assert not thread.is_alive()


def assert_all_is_well(found: Diagnosis) -> None:
    assert {name: part.status.value for name, part in found.parts.items()} == dict.fromkeys(
        found.parts, "ok"
    ), found
    assert found.failure is None


def assert_a_long_transaction_is_seen(url: str, pid: str) -> None:
    """A session that sits on an open transaction is listed, with how to end it."""
    with session(url) as idler:
        insert_topic(idler, "idle")
        number = idler.execute(text(f"SELECT {pid}")).scalar_one()
        part = eventually(url, "transactions", lambda part: bool(part.sessions), long_transaction=1)
        assert part.status is PartStatus.DEGRADED
        [seen] = part.sessions or ()
        assert isinstance(seen, LongTransaction)
        assert (seen.pid, seen.state) == (number, "idle in transaction")
        assert 1 <= seen.age_s < SECONDS
        assert str(number) in part.hint
        assert diagnosed(url).parts["transactions"].sessions == ()
        idler.rollback()
    assert diagnosed(url, long_transaction=1).parts["transactions"].sessions == ()


def assert_a_blocking_lock_is_seen(url: str, pid: str) -> None:
    """Who waits, for which table, and behind whom; with no value of any statement."""
    with session(url) as holder, session(url) as waiter:
        insert_topic(holder, "held")
        holder.commit()
        update_topics(holder)
        held_by = holder.execute(text(f"SELECT {pid}")).scalar_one()
        waiting = waiter.execute(text(f"SELECT {pid}")).scalar_one()
        with in_background(lambda: update_topics(waiter)):
            try:
                part = eventually(url, "locks", lambda part: bool(part.sessions), lock_wait=1)
            finally:
                holder.rollback()
        waiter.rollback()
    assert part.status is PartStatus.DEGRADED
    [seen] = part.sessions or ()
    assert isinstance(seen, LockWait)
    assert (seen.pid, seen.blocked_by, seen.table) == (waiting, held_by, "topics")
    assert 1 <= seen.waits_s < SECONDS
    assert seen.statement == "UPDATE topics SET text = ? WHERE ? = ?"
    assert seen.blocker_state == "idle in transaction"
    assert str(held_by) in part.hint
    assert diagnosed(url, lock_wait=1).parts["locks"].sessions == ()


def assert_a_server_without_our_tables_is_degraded(url: str) -> None:
    part = diagnosed(url).parts["write"]
    assert (part.status, part.hint) == (PartStatus.DEGRADED, "knowctl db init")


def assert_a_silent_database_fails(url: str) -> None:
    """One part says why; the others are skipped, which is not passed."""
    found = diagnosed(url)
    assert found.parts["connection"].status is PartStatus.FAILED
    assert found.parts["connection"].cause
    assert {part.status for part in found.parts.values()} == {
        PartStatus.FAILED,
        PartStatus.SKIPPED,
    }
    assert found.failure is not None
    assert found.failure.exit_code is ExitCode.FAILED
