"""SQLAlchemy engines from the settings."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import JSON, String, cast, literal, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool, QueuePool, StaticPool

from knowalledge_api.database.engine import database_url, make_engine, make_migration_engine
from knowalledge_api.errors import UnknownSchemeError
from knowalledge_api.settings import Secret
from tests.support.configuration import PASSWORD, settings_of, sqlite_settings


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("postgres://h/x", "postgresql+psycopg2://h/x"),
        ("postgresql://h/x?sslmode=require", "postgresql+psycopg2://h/x?sslmode=require"),
        ("mysql://h/x?ssl_ca=a.pem", "mysql+pymysql://h/x?ssl_ca=a.pem"),
        ("mariadb://h/x", "mysql+pymysql://h/x"),
        ("mariadb+pymysql://h/x", "mysql+pymysql://h/x"),
        ("sqlite:///x.db", "sqlite+pysqlite:///x.db"),
    ],
)
def test_an_address_gets_its_driver_and_keeps_its_options(given: str, used: str) -> None:
    assert database_url(Secret(given)).render_as_string() == used


@pytest.mark.parametrize("given", [f"oracle://u:{PASSWORD}@h/x", PASSWORD, f"mysql://{PASSWORD}:x"])
def test_another_database_is_refused_and_never_becomes_sqlite(given: str) -> None:
    with pytest.raises(UnknownSchemeError) as caught:
        database_url(Secret(given))
    assert PASSWORD not in str(caught.value)
    assert caught.value.__cause__ is None


def test_the_pool_is_that_of_the_settings() -> None:
    url = f"mysql://u:{PASSWORD}@h/x"
    settings = settings_of(
        DATABASE_URL=url, DB_POOL_SIZE="3", DB_MAX_OVERFLOW="4", DB_POOL_TIMEOUT="0.5"
    )
    engine = make_engine(settings)
    pool = engine.pool
    assert isinstance(pool, QueuePool)
    assert (pool.size(), pool._max_overflow, pool._timeout) == (3, 4, 0.5)
    assert (pool._recycle, pool._pre_ping) == (3600, True)
    assert PASSWORD not in repr(engine)


def test_a_database_in_memory_has_one_connection(tmp_path: Path) -> None:
    assert isinstance(make_engine(settings_of(DATABASE_URL="sqlite://")).pool, StaticPool)
    assert isinstance(make_migration_engine(settings_of(DATABASE_URL="sqlite://")).pool, StaticPool)
    assert isinstance(make_migration_engine(sqlite_settings(tmp_path)).pool, NullPool)


def test_migrations_have_an_address_of_their_own() -> None:
    settings = settings_of(
        DATABASE_URL="postgresql://pooler/x", DATABASE_MIGRATION_URL="postgresql://direct/x"
    )
    assert make_migration_engine(settings).url.host == "direct"
    assert make_engine(settings).url.host == "pooler"


def test_no_error_shows_a_parameter(tmp_path: Path) -> None:
    engine = make_engine(sqlite_settings(tmp_path))
    with engine.connect() as link, pytest.raises(OperationalError) as caught:
        link.exec_driver_sql("SELECT * FROM nothing WHERE x = ?", (PASSWORD,))
    engine.dispose()
    assert PASSWORD not in str(caught.value)


def test_json_is_kept_as_utf8() -> None:
    engine = make_engine(settings_of(DATABASE_URL="sqlite://"))
    with engine.connect() as link:
        written = link.scalar(select(cast(literal(["力"], JSON), String)))
    engine.dispose()
    assert written == '["力"]'


@pytest.mark.parametrize("option", ["timeout", "check_same_thread"])
def test_an_option_that_a_driver_can_not_read_is_refused_and_not_shown(option: str) -> None:
    given = settings_of(DATABASE_MIGRATION_URL=f"sqlite:///x.db?{option}={PASSWORD}")
    with pytest.raises(UnknownSchemeError) as caught:
        make_migration_engine(given)
    assert PASSWORD not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("option", ["ssl_ca", "charset", "unknown"])
def test_an_option_that_pymysql_chokes_on_is_an_error_of_the_database(option: str) -> None:
    given = settings_of(DATABASE_URL=f"mysql://u:p@127.0.0.1:1/x?{option}={PASSWORD}")
    engine = make_engine(given)
    with pytest.raises(OperationalError, match="an option in the URL") as caught:
        engine.connect()
    assert PASSWORD not in str(caught.value)
