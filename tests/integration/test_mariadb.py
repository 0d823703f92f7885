"""MariaDB, a private server of it."""

from __future__ import annotations

import time

import pytest
from sqlalchemy import text

from knowalledge_api.database import schema
from knowalledge_api.errors import DatabaseFault, DatabaseUnavailableError, MigrationError
from tests.support import database_life as life
from tests.support.configuration import PASSWORD, settings_of
from tests.support.processes import free_port
from tests.support.servers import Server


def test_a_schema_goes_up_and_down(mariadb_url: str) -> None:
    life.assert_a_schema_goes_up_and_down(mariadb_url)


def test_states_are_told_apart(mariadb_url: str) -> None:
    life.assert_states_are_told_apart(mariadb_url)


def test_one_of_many_migrates(mariadb_url: str) -> None:
    life.assert_one_of_many_migrates(mariadb_url)


def test_learners_are_answered(mariadb_url: str) -> None:
    life.assert_learners_are_answered(mariadb_url.replace("mysql://", "mariadb://"))


def test_writers_of_one_key_get_along(mariadb_url: str) -> None:
    life.assert_writers_of_one_key_get_along(mariadb_url)


def test_nothing_is_imported_on_a_request(mariadb_url: str) -> None:
    life.assert_nothing_is_imported_on_a_request(mariadb_url)


def test_a_session_is_bounded_and_isolated_as_on_postgresql(mariadb_url: str) -> None:
    with life.opened(settings_of(DATABASE_URL=mariadb_url)) as database:
        assert 0 < database.ping() < 5
        with database.connection() as link:
            values = link.execute(text("SELECT @@max_statement_time, @@tx_isolation")).one()
    assert tuple(values) == (1.3, "READ-COMMITTED")


def test_a_statement_that_takes_too_long_is_ended_by_the_server(mariadb_url: str) -> None:
    settings = settings_of(DATABASE_URL=mariadb_url, DB_STATEMENT_TIMEOUT="0.2")
    columns = "information_schema.columns"
    slow = text(f"SELECT count(*) FROM {columns} a, {columns} b, {columns} c")  # noqa: S608 -- our own names
    with (
        life.opened(settings) as database,
        pytest.raises(DatabaseUnavailableError) as caught,
        database.session() as session,
    ):
        session.execute(slow)
    assert caught.value.fault is DatabaseFault.TIMEOUT


def test_a_frozen_server_is_given_up_by_the_client(mariadb: Server, mariadb_url: str) -> None:
    settings = settings_of(DATABASE_URL=mariadb_url, DB_DEADLINE="0.5")
    with life.opened(settings) as database:
        database.ping()
        mariadb.freeze()
        try:
            started = time.monotonic()
            with pytest.raises(DatabaseUnavailableError) as caught:
                database.ping()
            assert time.monotonic() - started < 4
            assert caught.value.fault is DatabaseFault.SILENT
        finally:
            mariadb.thaw()
        assert database.ping() > 0


def test_a_refused_connection_says_so_without_the_password() -> None:
    url = f"mysql://someone:{PASSWORD}@127.0.0.1:{free_port()}/x"
    with (
        life.opened(settings_of(DATABASE_URL=url)) as database,
        pytest.raises(DatabaseUnavailableError, match="Connection refused") as caught,
    ):
        database.ping()
    assert PASSWORD not in str(caught.value)
    assert caught.value.fault is DatabaseFault.REFUSED


def test_a_wrong_password_and_a_wrong_name_are_told_apart(mariadb: Server) -> None:
    faults = []
    for url in (mariadb.url("mysql", "wrong-password"), mariadb.url("nowhere")):
        with (
            life.opened(settings_of(DATABASE_URL=url)) as database,
            pytest.raises(DatabaseUnavailableError) as caught,
        ):
            database.ping()
        faults.append(caught.value.fault)
    assert faults == [DatabaseFault.AUTHENTICATION, DatabaseFault.NO_DATABASE]


def test_who_waits_too_long_for_the_lock_is_told(mariadb_url: str) -> None:
    settings = settings_of(DATABASE_URL=mariadb_url)
    with schema.migration_connection(settings, wait=5) as link:
        assert link.execute(text("SELECT @@lock_wait_timeout")).scalar() == 5
        with pytest.raises(MigrationError, match="another process is migrating"):
            schema.migrate(settings, wait=0)
    assert schema.migrate(settings, wait=0).applied == life.REVISIONS


def test_a_half_applied_migration_is_named(mariadb_url: str) -> None:
    settings = settings_of(DATABASE_URL=mariadb_url)
    with life.opened(settings) as database, database.session() as session:
        session.execute(text("CREATE TABLE generated_content (id INTEGER)"))
    with pytest.raises(MigrationError, match=r"migration 0001 failed.*half applied") as caught:
        schema.migrate(settings)
    assert "MariaDB does not undo DDL" in caught.value.hint
