"""SQLAlchemy engines from the settings: driver, pool, time limits, and no secret in any output."""

from __future__ import annotations

from typing import Any, Final

import orjson
from sqlalchemy import URL, Engine, create_engine, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool, StaticPool

from knowalledge_api.database import sqlite
from knowalledge_api.database.limits import DDL_LOCK_WAIT, Backend, Limits
from knowalledge_api.database.pool import MeasuredPool
from knowalledge_api.errors import UnknownSchemeError
from knowalledge_api.settings import Secret, Settings

DRIVERS: Final = {
    "sqlite": "sqlite+pysqlite",
    "sqlite+pysqlite": "sqlite+pysqlite",
    "postgres": "postgresql+psycopg2",
    "postgresql": "postgresql+psycopg2",
    "postgresql+psycopg2": "postgresql+psycopg2",
    "mysql": "mysql+pymysql",
    "mariadb": "mysql+pymysql",
    "mysql+pymysql": "mysql+pymysql",
    "mariadb+pymysql": "mysql+pymysql",
}


def database_url(secret: Secret) -> URL:
    """The URL with the driver that is used for it, its query options kept.

    Raises UnknownSchemeError for a database or driver that is not in DRIVERS.
    """
    try:
        url = make_url(secret.reveal())
    except (ArgumentError, ValueError):
        raise UnknownSchemeError("the database URL can't be read") from None
    if url.drivername not in DRIVERS:
        raise UnknownSchemeError(f"{url.drivername}:// is no database that is spoken here")
    return url.set(drivername=DRIVERS[url.drivername])


def migration_url(settings: Settings) -> URL:
    """Where migrations connect to: DATABASE_MIGRATION_URL if set, else the database's own."""
    return database_url(settings.database_migration_url or settings.database_url)


def make_engine(settings: Settings) -> Engine:
    """The engine of a serving process: pooled, pre-pinged, every wait bounded.

    Nothing is connected yet. Raises ModuleNotFoundError where the driver is not installed.
    """
    url = database_url(settings.database_url)
    return _engine(url, Limits.serving(settings), _pool(url, settings))


def make_migration_engine(settings: Settings, lock: float = DDL_LOCK_WAIT) -> Engine:
    """The engine of migrations: one connection of its own, over DATABASE_MIGRATION_URL if set.

    Its statements take as long as they need, but wait for a lock no longer than `lock` seconds.
    """
    url = migration_url(settings)
    pool = StaticPool if sqlite.in_memory(url) else NullPool
    return _engine(url, Limits.migrating(settings, lock), {"poolclass": pool})


def _engine(url: URL, limits: Limits, pool: dict[str, Any]) -> Engine:
    backend = backend_of(url)
    try:
        engine = create_engine(
            url,
            **pool,
            **backend.engine_options(limits),
            connect_args=backend.connect_arguments(url, limits),
            hide_parameters=True,
            json_serializer=lambda value: orjson.dumps(value).decode(),
            json_deserializer=orjson.loads,
        )
    except (ArgumentError, ValueError):
        raise UnknownSchemeError("an option in the database URL can't be used") from None
    backend.listen(engine, limits)
    return engine


def backend_of(url: URL) -> Backend:
    """The module that knows the URL's database, imported where it is not yet."""
    if url.drivername.startswith("postgresql"):
        from knowalledge_api.database import postgresql  # noqa: PLC0415 -- it loads psycopg2

        return postgresql
    if url.drivername.startswith("mysql"):
        from knowalledge_api.database import mysql  # noqa: PLC0415 -- it loads PyMySQL

        return mysql
    return sqlite


def _pool(url: URL, settings: Settings) -> dict[str, Any]:
    if sqlite.in_memory(url):
        return {"poolclass": StaticPool}
    return {
        "poolclass": MeasuredPool,
        "pool_size": settings.db_pool_size,
        "max_overflow": settings.db_max_overflow,
        "pool_recycle": settings.db_pool_recycle,
        "pool_timeout": settings.db_pool_timeout,
        "pool_pre_ping": True,
    }
