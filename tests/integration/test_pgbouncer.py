"""PgBouncer in transaction mode between the API and PostgreSQL."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg2
import pytest
from sqlalchemy import text

from knowalledge_api.app import create_app, parts_of
from knowalledge_api.database import schema
from knowalledge_api.errors import DatabaseFault, DatabaseUnavailableError, MigrationError
from knowalledge_api.settings import Settings
from tests.support import database_life as life
from tests.support.answers import body_of
from tests.support.configuration import settings_of
from tests.support.pgbouncer import OPTIONS, Pooler, pgbouncer
from tests.support.servers import Server

TRANSACTIONS = 5
NUMBERS = itertools.count()
SERVER_CONNECTIONS = int(OPTIONS["default_pool_size"])


@pytest.fixture(scope="module")
def pooler(postgresql_18: Server) -> Iterator[Pooler]:
    with pgbouncer(postgresql_18) as running:
        yield running


@pytest.fixture
def settings(postgresql_18: Server, pooler: Pooler) -> Settings:
    """A migrated database behind the pooler."""
    name = f"pooled_{next(NUMBERS)}"
    direct = postgresql_18.create(name)
    settings = settings_of(
        DATABASE_URL=pooler.url(name), DATABASE_MIGRATION_URL=direct, DB_POOLER="pgbouncer"
    )
    schema.migrate(settings)
    return settings


def test_the_schema_is_right_when_the_migrations_went_past_the_pooler(settings: Settings) -> None:
    with life.opened(settings) as database:
        assert schema.schema_state(database).status is schema.SchemaStatus.OK


def test_migrations_refuse_to_run_through_the_pooler(pooler: Pooler) -> None:
    settings = settings_of(DATABASE_URL=pooler.url("postgres"), DB_POOLER="pgbouncer")
    with pytest.raises(MigrationError, match="does not hold through a transaction pooler") as error:
        schema.migrate(settings)
    assert "DATABASE_MIGRATION_URL" in error.value.hint


def test_start_up_options_would_be_refused_and_none_are_sent(
    settings: Settings, pooler: Pooler
) -> None:
    with pytest.raises(psycopg2.OperationalError, match="unsupported startup parameter"):
        psycopg2.connect(pooler.url("postgres"), options="-c statement_timeout=1000")
    unaware = settings_of(DATABASE_URL=pooler.url("postgres"))
    with (
        life.opened(unaware) as database,
        pytest.raises(DatabaseUnavailableError, match="unsupported startup parameter"),
    ):
        database.ping()
    with life.opened(settings) as database:
        assert database.ping() > 0


def test_each_transaction_is_bounded_by_the_server_and_leaves_no_setting_behind(
    settings: Settings, pooler: Pooler
) -> None:
    with life.opened(settings) as database:
        for _ in range(2):
            with database.session() as session:  # commits: what is rolled back leaves nothing
                assert session.scalar(text("SHOW statement_timeout")) == "1300ms"
    stranger = psycopg2.connect(pooler.url(settings.database_url.reveal().rpartition("/")[2]))
    with stranger.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchall() == [("0",)]
    stranger.close()


def test_a_statement_that_takes_too_long_is_ended_by_the_server(settings: Settings) -> None:
    started = time.monotonic()
    with (
        life.opened(settings) as database,
        pytest.raises(DatabaseUnavailableError, match="statement timeout") as caught,
        database.session() as session,
    ):
        session.execute(text("SELECT pg_sleep(30)"))
    assert caught.value.fault is DatabaseFault.TIMEOUT
    assert time.monotonic() - started < 5


def test_more_sessions_than_the_pooler_has_connections_get_along(
    settings: Settings, postgresql_18: Server
) -> None:
    barrier = threading.Barrier(3 * SERVER_CONNECTIONS)
    name = settings.database_url.reveal().rpartition("/")[2]
    count = f"SELECT numbackends FROM pg_stat_database WHERE datname = '{name}'"  # noqa: S608 -- our own name
    with life.opened(settings) as database, ThreadPoolExecutor(barrier.parties) as threads:

        def work(number: int) -> int:
            with database.engine.connect() as link:  # connected, and in no transaction
                barrier.wait(20)
                total = 0
                for _ in range(TRANSACTIONS):
                    with link.begin():
                        total += link.execute(text(f"SELECT {number}")).scalar_one()
            return total

        sums = list(threads.map(work, range(barrier.parties)))
    assert sums == [TRANSACTIONS * number for number in range(barrier.parties)]
    assert 1 <= postgresql_18.execute(count)[0][0] <= SERVER_CONNECTIONS


def test_learners_are_answered_through_the_pooler(settings: Settings) -> None:
    app = create_app(settings)
    try:
        client = app.test_client()
        answer = client.post("/api/create_subtopics", json={"topic": "CI/CD"})
        assert (answer.status_code, body_of(answer)["source"]) == (200, "offline")
        assert client.get("/ready").status_code == 200
    finally:
        parts_of(app).database.close()


def test_a_restart_of_the_server_behind_it_is_a_failure_in_time_and_then_over(
    settings: Settings, postgresql_18: Server
) -> None:
    with life.opened(settings) as database:
        database.ping()
        postgresql_18.stop()
        try:
            for _ in range(3):
                started = time.monotonic()
                with pytest.raises(DatabaseUnavailableError):
                    database.ping()
                assert time.monotonic() - started < 4
        finally:
            postgresql_18.start()
        end = time.monotonic() + 20
        while True:
            try:
                database.ping()
                break
            except DatabaseUnavailableError:
                assert time.monotonic() < end
                time.sleep(0.1)
