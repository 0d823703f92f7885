"""What PostgreSQL says of itself, each kind of trouble made for real."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from knowalledge_api.database.schema import migrate
from knowctl.model.diagnosis import LockWait, PartStatus
from knowctl.model.health import HealthStatus
from tests.support import diagnosing
from tests.support.configuration import PASSWORD, settings_of
from tests.support.diagnosing import diagnosed
from tests.support.pgbouncer import pgbouncer
from tests.support.processes import free_port
from tests.support.replicas import postgresql_replica
from tests.support.servers import Server

PID = "pg_backend_pid()"


@pytest.fixture
def url(postgresql_url: str) -> str:
    migrate(settings_of(DATABASE_URL=postgresql_url))
    return postgresql_url


@pytest.fixture
def replica(postgresql: Server) -> Iterator[Server]:
    with postgresql_replica(postgresql) as server:
        yield server


def as_stranger(postgresql: Server, url: str) -> str:
    """The address for a user who owns nothing and may do little."""
    postgresql.execute("DROP ROLE IF EXISTS stranger")
    postgresql.execute(f"CREATE ROLE stranger LOGIN PASSWORD '{PASSWORD}'")
    return url.replace("//knowalledge:", "//stranger:")


def test_all_is_well_on_a_fresh_server(postgresql: Server, url: str) -> None:
    found = diagnosed(url)
    diagnosing.assert_all_is_well(found)
    version = str(postgresql.execute("SHOW server_version")[0][0])
    assert found.parts["server"].fact == f"PostgreSQL {version}"
    assert found.parts["tls"].fact == "none: loopback"
    assert found.parts["replication"].fact == "standalone"
    figures = found.parts["connections"].figures
    assert (figures["limit"], figures["ours"]) == (100, 1)


def test_the_write_test_leaves_nothing(url: str) -> None:
    diagnosed(url)
    with diagnosing.session(url) as link:
        assert link.exec_driver_sql("SELECT count(*) FROM topics").scalar() == 0


def test_a_long_transaction_is_seen(url: str) -> None:
    diagnosing.assert_a_long_transaction_is_seen(url, PID)


def test_a_blocking_lock_is_seen(url: str) -> None:
    diagnosing.assert_a_blocking_lock_is_seen(url, PID)


def test_a_migration_behind_an_open_transaction_is_seen_with_its_table(url: str) -> None:
    with diagnosing.session(url) as holder, diagnosing.session(url) as altering:
        diagnosing.insert_topic(holder, "held")
        held_by = holder.exec_driver_sql(f"SELECT {PID}").scalar_one()
        with diagnosing.in_background(lambda: altering.exec_driver_sql("LOCK TABLE topics")):
            try:
                found = diagnosing.eventually(
                    url, "locks", lambda part: bool(part.sessions), lock_wait=1
                )
                blocked = diagnosed(url).parts["write"]
            finally:
                holder.rollback()
        altering.rollback()
    waits = [each for each in found.sessions or () if isinstance(each, LockWait)]
    assert held_by in {each.blocked_by for each in waits}
    assert {each.table for each in waits} == {"topics"}
    assert str(held_by) in found.hint
    assert blocked.status is PartStatus.FAILED
    assert "statement timeout" in blocked.cause


def test_a_server_without_our_tables_is_degraded(postgresql_url: str) -> None:
    diagnosing.assert_a_server_without_our_tables_is_degraded(postgresql_url)


def test_a_server_that_is_away_fails() -> None:
    url = f"postgresql://someone:{PASSWORD}@127.0.0.1:{free_port()}/x"
    diagnosing.assert_a_silent_database_fails(url)


def test_a_frozen_server_fails_in_bounded_time(postgresql_16: Server) -> None:
    url = postgresql_16.url("postgres")
    postgresql_16.freeze()
    try:
        diagnosing.assert_a_silent_database_fails(url)
    finally:
        postgresql_16.thaw()


def test_a_primary_that_takes_no_writes_fails(postgresql: Server, url: str) -> None:
    database = url.rpartition("/")[2]
    postgresql.execute(f"ALTER DATABASE {database} SET default_transaction_read_only = on")
    found = diagnosed(url)
    assert found.failure is not None
    assert found.failure.message == "write failed"
    assert "default_transaction_read_only" in found.failure.hint


def test_a_replica_is_reported_and_no_failure(url: str, replica: Server) -> None:
    database = url.rpartition("/")[2]
    found = diagnosed(replica.url(database))
    assert found.failure is None
    assert found.status is HealthStatus.DEGRADED
    assert found.parts["write"].fact == "read-only"
    assert "replica" in found.parts["write"].cause
    following = diagnosing.eventually(
        replica.url(database), "replication", lambda part: part.status is PartStatus.OK
    )
    assert following.fact == "replica, 0.0 s behind"
    leading = diagnosed(url).parts["replication"]
    assert (leading.status, leading.figures["role"]) == (PartStatus.OK, "primary")
    assert leading.figures["replicas"] == 1

    replica.execute("SELECT pg_wal_replay_pause()")
    with diagnosing.session(url) as link:
        diagnosing.insert_topic(link, "unseen")
        link.commit()
    behind = diagnosing.eventually(
        replica.url(database), "replication", lambda part: bool(part.figures["lag_s"])
    )
    assert float(str(behind.figures["lag_s"])) > 0
    assert "pg_wal_replay_resume" in behind.cause


def test_a_replica_without_its_primary_is_degraded(postgresql: Server, url: str) -> None:
    with postgresql_replica(postgresql) as replica:
        alone = [*replica.command, "-c", "primary_conninfo="]
        replica.stop()
        replica.command = alone
        replica.start()
        part = diagnosed(replica.url(url.rpartition("/")[2])).parts["replication"]
    assert part.status is PartStatus.DEGRADED
    assert "gets nothing from its primary" in part.cause


def test_who_may_not_write_is_told(postgresql: Server, url: str) -> None:
    found = diagnosed(as_stranger(postgresql, url))
    assert found.parts["write"].status is PartStatus.FAILED
    assert "permission denied" in found.parts["write"].cause
    assert found.parts["write"].hint.startswith("grant the user")


def test_sessions_that_may_not_be_seen_are_counted(postgresql: Server, url: str) -> None:
    with diagnosing.session(url) as hidden:
        diagnosing.insert_topic(hidden, "hidden")
        part = diagnosed(as_stranger(postgresql, url), long_transaction=0.1).parts["transactions"]
        hidden.rollback()
    assert (part.figures["hidden"], part.sessions) == (1, ())
    assert "pg_read_all_stats" in part.hint


def test_too_few_connections_left_are_a_warning(postgresql: Server, url: str) -> None:
    postgresql.execute("ALTER SYSTEM SET max_connections = 10")
    postgresql.execute("ALTER SYSTEM SET max_wal_senders = 2")
    try:
        postgresql.stop()
        postgresql.start()
        links = [diagnosing.session(url) for _ in range(5)]
        for link in links:
            link.__enter__()
        part = diagnosed(url).parts["connections"]
        for link in links:
            link.__exit__(None, None, None)
    finally:
        postgresql.execute("ALTER SYSTEM RESET ALL")
        postgresql.stop()
        postgresql.start()
    assert part.status is PartStatus.DEGRADED
    assert part.fact == "6 of 7 used (3 more are kept for administrators), 1 by us"


def test_tls_is_told_with_its_protocol_and_whether_it_is_checked(
    postgresql: Server, url: str
) -> None:
    with pgbouncer(postgresql, tls=True) as pooler:
        given = pooler.url(url.rpartition("/")[2])
        checked = f"{given}?sslmode=verify-full&sslrootcert={pooler.directory}/certificate.pem"
        parts = [diagnosed(each, DB_POOLER="pgbouncer").parts for each in (given, checked)]
    assert [part["tls"].figures["protocol"] for part in parts] == ["TLSv1.3"] * 2
    assert [part["tls"].figures["verified"] for part in parts] == [False, True]
    assert all(part["tls"].figures["cipher"] for part in parts)
    assert "they are the pooler's" in parts[0]["connections"].fact
