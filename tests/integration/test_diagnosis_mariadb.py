"""What MariaDB says of itself, each kind of trouble made for real."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from knowalledge_api.database.schema import migrate
from knowctl.model.diagnosis import PartStatus
from tests.support import diagnosing, servers
from tests.support.configuration import PASSWORD, settings_of
from tests.support.diagnosing import diagnosed
from tests.support.pgbouncer import make_certificate
from tests.support.processes import free_port
from tests.support.replicas import PRIMARY, mariadb_replica
from tests.support.servers import Server

PID = "CONNECTION_ID()"


@pytest.fixture
def url(mariadb_url: str) -> str:
    migrate(settings_of(DATABASE_URL=mariadb_url))
    return mariadb_url


@pytest.fixture
def stranger(mariadb: Server, url: str) -> Iterator[str]:
    """The address for a user who has its database, and nothing else."""
    database = url.rpartition("/")[2]
    mariadb.execute(f"CREATE USER stranger@'%' IDENTIFIED BY '{PASSWORD}'")
    mariadb.execute(f"GRANT ALL ON {database}.* TO stranger@'%'")
    yield url.replace("//knowalledge:", "//stranger:")
    mariadb.execute("DROP USER stranger@'%'")


def test_all_is_well_on_a_fresh_server(mariadb: Server, url: str) -> None:
    found = diagnosed(url)
    diagnosing.assert_all_is_well(found)
    version = str(mariadb.execute("SELECT VERSION()")[0][0]).partition("-")[0]
    assert found.parts["server"].fact == f"MariaDB {version}"
    assert found.parts["tls"].fact == "none: loopback"
    assert found.parts["replication"].fact == "standalone"
    figures = found.parts["connections"].figures
    assert (figures["limit"], figures["ours"]) == (151, 1)


def test_the_write_test_leaves_nothing(url: str) -> None:
    diagnosed(url)
    with diagnosing.session(url) as link:
        assert link.exec_driver_sql("SELECT count(*) FROM topics").scalar() == 0


def test_a_long_transaction_is_seen(url: str) -> None:
    diagnosing.assert_a_long_transaction_is_seen(url, PID)


def test_a_transaction_is_as_old_whatever_the_zone_of_the_session(
    mariadb: Server, url: str
) -> None:
    mariadb.execute("SET GLOBAL time_zone = '-11:00'")
    try:
        diagnosing.assert_a_long_transaction_is_seen(url, PID)
    finally:
        mariadb.execute("SET GLOBAL time_zone = 'SYSTEM'")


def test_a_blocking_lock_is_seen(url: str) -> None:
    diagnosing.assert_a_blocking_lock_is_seen(url, PID)


def test_a_migration_behind_an_open_transaction_is_seen(url: str) -> None:
    with diagnosing.session(url) as holder, diagnosing.session(url) as altering:
        diagnosing.insert_topic(holder, "held")
        change = "ALTER TABLE topics COMMENT 'changed'"
        with diagnosing.in_background(lambda: altering.exec_driver_sql(change)):
            try:
                part = diagnosing.eventually(
                    url, "locks", lambda part: bool(part.sessions), lock_wait=1
                )
            finally:
                holder.rollback()
    assert part.status is PartStatus.DEGRADED
    assert [each.statement for each in part.sessions or ()] == ["ALTER TABLE topics COMMENT ?"]
    assert part.cause == "the server does not tell who holds the lock"


def test_a_server_without_our_tables_is_degraded(mariadb_url: str) -> None:
    diagnosing.assert_a_server_without_our_tables_is_degraded(mariadb_url)


def test_a_server_that_is_away_fails() -> None:
    url = f"mysql://someone:{PASSWORD}@127.0.0.1:{free_port()}/x"
    diagnosing.assert_a_silent_database_fails(url)


def test_a_frozen_server_fails_in_bounded_time(mariadb: Server, url: str) -> None:
    mariadb.freeze()
    try:
        diagnosing.assert_a_silent_database_fails(url)
    finally:
        mariadb.thaw()


def test_what_a_user_may_not_see_is_unknown_with_the_grant_that_it_needs(stranger: str) -> None:
    parts = diagnosed(stranger).parts
    hints = {name: part.hint for name, part in parts.items() if part.status is PartStatus.UNKNOWN}
    assert hints == {
        "replication": "GRANT REPLICA MONITOR ON *.* TO the user in DATABASE_URL",
        "transactions": "GRANT PROCESS ON *.* TO the user in DATABASE_URL",
        "locks": "GRANT PROCESS ON *.* TO the user in DATABASE_URL",
    }
    assert parts["write"].status is PartStatus.OK


def test_who_may_not_write_is_told(mariadb: Server, url: str, stranger: str) -> None:
    database = url.rpartition("/")[2]
    mariadb.execute(f"REVOKE INSERT ON {database}.* FROM stranger@'%'")
    write = diagnosed(stranger).parts["write"]
    assert (write.status, write.hint[:14]) == (PartStatus.FAILED, "grant the user")
    assert "denied" in write.cause


def test_a_server_that_takes_no_writes_fails_where_it_is_known_to_be_no_replica(
    mariadb: Server, stranger: str
) -> None:
    mariadb.execute("SET GLOBAL read_only = 1")
    try:
        unknown = diagnosed(stranger).parts["write"]
        mariadb.execute("GRANT REPLICA MONITOR, PROCESS ON *.* TO stranger@'%'")
        known = diagnosed(stranger)
    finally:
        mariadb.execute("SET GLOBAL read_only = 0")
    assert (unknown.status, unknown.fact) == (PartStatus.DEGRADED, "read-only")
    assert known.failure is not None
    assert known.failure.message == "write failed"
    assert "read_only" in known.failure.hint


def test_a_replica_is_reported_and_no_failure() -> None:
    with servers.mariadb(*PRIMARY) as primary, mariadb_replica(primary) as replica:
        url = primary.create("learning")
        migrate(settings_of(DATABASE_URL=url))
        replica.execute(f"CREATE USER reader@'%' IDENTIFIED BY '{PASSWORD}'")
        replica.execute("GRANT SELECT, INSERT ON *.* TO reader@'%'")
        replica.execute("GRANT REPLICA MONITOR, PROCESS ON *.* TO reader@'%'")
        there = replica.url("learning").replace("//knowalledge:", "//reader:")
        write = diagnosing.eventually(there, "write", lambda part: part.fact == "read-only")
        assert (write.status, "replica" in write.cause) == (PartStatus.DEGRADED, True)
        following = diagnosing.eventually(
            there, "replication", lambda part: part.status is PartStatus.OK
        )
        assert following.fact == "replica, 0.0 s behind"
        assert diagnosed(url).parts["replication"].fact == "primary of 1"

        replica.execute("STOP SLAVE SQL_THREAD")
        stopped = diagnosed(there).parts["replication"]
        assert (stopped.status, stopped.cause) == (
            PartStatus.DEGRADED,
            "its applier does not run: it says No",
        )


def test_tls_is_told_with_its_protocol_and_whether_it_is_checked() -> None:
    with servers.own_directory() as directory:
        certificate = make_certificate(directory)
        for file in directory.iterdir():
            file.chmod(0o644)
        options = (f"--ssl-cert={certificate}", f"--ssl-key={directory}/key.pem")
        with servers.mariadb(*options) as server:
            url = server.create("learning")
            found = [
                diagnosed(f"{url}?{query}").parts["tls"].figures
                for query in (
                    "ssl_check_hostname=false&ssl_verify_cert=false",
                    f"ssl_ca={certificate}",
                )
            ]
    assert [figures["protocol"] for figures in found] == ["TLSv1.3"] * 2
    assert [figures["verified"] for figures in found] == [False, True]
    assert all(figures["cipher"] for figures in found)
