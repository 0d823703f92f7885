"""PostgreSQL, a private server of it."""

from __future__ import annotations

import os
import threading
import time

import pytest
from sqlalchemy import text

from knowalledge_api.app import create_app
from knowalledge_api.database import schema
from knowalledge_api.errors import DatabaseFault, DatabaseUnavailableError, MigrationError
from tests.support import database_life as life
from tests.support.answers import body_of
from tests.support.configuration import PASSWORD, settings_of
from tests.support.processes import free_port
from tests.support.servers import Server


def test_a_schema_goes_up_and_down(postgresql_url: str) -> None:
    life.assert_a_schema_goes_up_and_down(postgresql_url)


def test_states_are_told_apart(postgresql_url: str) -> None:
    life.assert_states_are_told_apart(postgresql_url)


def test_one_of_many_migrates(postgresql_url: str) -> None:
    life.assert_one_of_many_migrates(postgresql_url)


def test_learners_are_answered(postgresql_url: str) -> None:
    life.assert_learners_are_answered(postgresql_url)


def test_writers_of_one_key_get_along(postgresql_url: str) -> None:
    life.assert_writers_of_one_key_get_along(postgresql_url)


def test_nothing_is_imported_on_a_request(postgresql_url: str) -> None:
    life.assert_nothing_is_imported_on_a_request(postgresql_url)


def test_a_connection_names_itself_and_is_bounded(postgresql_url: str) -> None:
    with life.opened(settings_of(DATABASE_URL=postgresql_url)) as database:
        assert 0 < database.ping() < 5
        with database.connection() as link:
            shown = [
                link.execute(text(f"SHOW {name}")).scalar()
                for name in ("application_name", "statement_timeout")
            ]
    assert shown == [f"knowalledge/5000/0/{os.getpid()}", "1300ms"]


def test_behind_a_pooler_each_transaction_is_bounded(postgresql_url: str) -> None:
    settings = settings_of(DATABASE_URL=postgresql_url, DB_POOLER="pgbouncer")
    with life.opened(settings) as database, database.connection() as link:
        assert link.execute(text("SHOW statement_timeout")).scalar() == "1300ms"
        link.rollback()
        assert link.connection.cursor().connection.info.options == ""


def test_options_of_the_url_are_kept(postgresql_url: str) -> None:
    url = f"{postgresql_url}?options=-c%20work_mem%3D5MB&sslmode=disable"
    with life.opened(settings_of(DATABASE_URL=url)) as database, database.connection() as link:
        shown = [link.execute(text(f"SHOW {n}")).scalar() for n in ("work_mem", "lock_timeout")]
    assert shown == ["5MB", "0"]


def test_a_statement_that_takes_too_long_is_ended_by_the_server(postgresql_url: str) -> None:
    settings = settings_of(DATABASE_URL=postgresql_url, DB_STATEMENT_TIMEOUT="0.2")
    with (
        life.opened(settings) as database,
        pytest.raises(DatabaseUnavailableError, match="statement timeout") as caught,
        database.session() as session,
    ):
        session.execute(text("SELECT pg_sleep(5)"))
    assert caught.value.fault is DatabaseFault.TIMEOUT


def test_a_frozen_server_is_given_up_by_the_client(postgresql: Server, postgresql_url: str) -> None:
    settings = settings_of(DATABASE_URL=postgresql_url, DB_DEADLINE="0.5")
    with life.opened(settings) as database:
        database.ping()
        postgresql.freeze()
        try:
            started = time.monotonic()
            with pytest.raises(DatabaseUnavailableError, match="no answer") as caught:
                database.ping()
            assert time.monotonic() - started < 4
            assert caught.value.fault is DatabaseFault.SILENT
        finally:
            postgresql.thaw()
        assert database.ping() > 0


def test_a_full_pool_is_a_clear_failure_and_its_waiters_are_counted(postgresql_url: str) -> None:
    settings = settings_of(
        DATABASE_URL=postgresql_url, DB_POOL_SIZE="1", DB_MAX_OVERFLOW="0", DB_POOL_TIMEOUT="0.5"
    )
    faults = []
    with life.opened(settings) as database:

        def ask() -> None:
            with pytest.raises(DatabaseUnavailableError) as caught:
                database.ping()
            faults.append(caught.value.fault)

        with database.connection():
            waiter = threading.Thread(target=ask)
            waiter.start()
            seen = 0
            while waiter.is_alive() and not seen:
                seen = database.stats().waiting
            waiter.join()
            stats = database.stats()
    assert seen == 1
    assert faults == [DatabaseFault.POOL]
    assert (stats.size, stats.checked_out, stats.overflow, stats.waiting) == (1, 1, 0, 0)


def test_a_refused_connection_says_so_without_the_password() -> None:
    port = free_port()
    url = f"postgres://someone:{PASSWORD}@localhost:{port}/x"
    with (
        life.opened(settings_of(DATABASE_URL=url)) as database,
        pytest.raises(DatabaseUnavailableError) as caught,
    ):
        database.ping()
    assert str(caught.value) == f'server at "localhost", port {port}: Connection refused'
    assert caught.value.fault is DatabaseFault.REFUSED


def test_a_wrong_password_and_a_wrong_name_are_told_apart(postgresql: Server) -> None:
    faults = []
    for url in (postgresql.url("postgres", "wrong-password"), postgresql.url("nowhere")):
        with (
            life.opened(settings_of(DATABASE_URL=url)) as database,
            pytest.raises(DatabaseUnavailableError) as caught,
        ):
            database.ping()
        assert PASSWORD not in str(caught.value)
        assert "wrong-password" not in str(caught.value)
        faults.append(caught.value.fault)
    assert faults == [DatabaseFault.AUTHENTICATION, DatabaseFault.NO_DATABASE]


def test_a_database_that_is_away_answers_503_and_comes_back(postgresql_url: str) -> None:
    port = free_port()
    app = create_app(settings_of(DATABASE_URL=f"postgresql://u:{PASSWORD}@localhost:{port}/x"))
    answer = app.test_client().post("/api/create_subtopics", json={"topic": "CI/CD"})
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert "localhost" not in answer.text
    ready = app.test_client().get("/ready")
    assert (ready.status_code, body_of(ready)["checks"]) == (
        503,
        {"database": "failed", "schema": "unknown"},
    )
    assert app.test_client().get("/health").status_code == 200
    schema.migrate(settings_of(DATABASE_URL=postgresql_url))


def test_who_waits_too_long_for_the_lock_is_told(postgresql_url: str) -> None:
    settings = settings_of(DATABASE_URL=postgresql_url)
    with (
        schema.migration_connection(settings, wait=5),
        pytest.raises(MigrationError, match="another process is migrating"),
    ):
        schema.migrate(settings, wait=0)
    assert schema.migrate(settings, wait=0).applied == life.REVISIONS


def test_a_migration_waits_for_a_table_no_longer_than_five_seconds(postgresql_url: str) -> None:
    settings = settings_of(DATABASE_URL=postgresql_url)
    with schema.migration_connection(settings, wait=5) as link:
        shown = [
            link.execute(text(f"SHOW {name}")).scalar()
            for name in ("lock_timeout", "statement_timeout")
        ]
    assert shown == ["5s", "0"]


def test_a_failed_migration_is_rolled_back_and_named(postgresql_url: str) -> None:
    settings = settings_of(DATABASE_URL=postgresql_url)
    with life.opened(settings) as database:
        with database.session() as session:
            session.execute(text("CREATE TABLE generated_content (id INTEGER)"))
        with pytest.raises(MigrationError, match=r"migration 0001 failed.*rolled back"):
            schema.migrate(settings)
        with database.session() as session:
            query = text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            assert session.scalars(query).all() == ["generated_content"]
