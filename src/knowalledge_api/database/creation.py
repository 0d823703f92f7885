"""Makes the database itself on a server that has none of that name yet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from sqlalchemy import URL, Connection, text
from sqlalchemy.exc import DBAPIError

from knowalledge_api.database.engine import database_url, make_migration_engine, migration_url
from knowalledge_api.database.failures import explain, explained
from knowalledge_api.database.locks import Patience, lock_connection
from knowalledge_api.errors import CreationRefusedError, DatabaseFault, DatabaseUnavailableError
from knowalledge_api.settings import Settings
from knowalledge_api.settings.kinds import SecretUrl

MAINTENANCE: Final = ("postgres", "template1")
"""PostgreSQL's databases to connect to while there is none of ours."""
ASK: Final = "have an administrator of the server run this, then try again:"
NOT_THERE: Final = {DatabaseFault.NO_DATABASE, DatabaseFault.AUTHENTICATION}
"""MariaDB denies access to a database that does not exist to all but its administrators."""


def create_database(settings: Settings, *, wait: float = 30.0) -> bool:
    """Make the database if it is not there; whether it was made, by this process alone.

    SQLite's is its file, which the first migration makes. CreationRefusedError where the user
    of the URL has no right to, with the statements for somebody who has; else
    DatabaseUnavailableError.
    """
    url = migration_url(settings)
    if url.get_backend_name() == "sqlite":
        return False
    try:
        with _connected(settings, url):
            return False
    except DatabaseUnavailableError as error:
        if error.fault not in NOT_THERE:
            raise
    try:
        with _server(settings, url) as connection:
            lock_connection(connection, Patience(wait))
            return _create(connection, url)
    except DatabaseUnavailableError as error:
        if error.fault is not DatabaseFault.AUTHENTICATION:
            raise
        cause = f"{error}; or there is no user {url.username}"
        hint = f"mend user and password; or {ASK}"
        raise CreationRefusedError(
            cause, hint, administrators_sql(settings, login=False)
        ) from error
    except _DeniedError as error:
        statements = administrators_sql(settings, login=True)
        raise CreationRefusedError(str(error), ASK, statements) from error


def administrators_sql(settings: Settings, *, login: bool) -> tuple[str, ...]:
    """What an administrator runs in our place; with `login` the users are known to exist."""
    owner, user = migration_url(settings), database_url(settings.database_url)
    users = list(dict.fromkeys([str(owner.username), str(user.username)]))
    if owner.get_backend_name() == "mysql":
        return tuple(_for_mariadb(str(owner.database), users, login=login))
    return tuple(_for_postgresql(str(owner.database), users, login=login))


def _for_postgresql(database: str, users: list[str], *, login: bool) -> Iterator[str]:
    name, owner, *others = (_quoted(each, '"') for each in (database, *users))
    if not login:
        for user in (owner, *others):
            yield f"CREATE USER {user} PASSWORD '…';"
    yield f"CREATE DATABASE {name} OWNER {owner};"
    for user in others:
        yield f"GRANT CONNECT ON DATABASE {name} TO {user};"
        yield f"\\connect {name}"
        default = f"ALTER DEFAULT PRIVILEGES FOR ROLE {owner} GRANT"
        yield f"{default} SELECT, INSERT, UPDATE, DELETE ON TABLES TO {user};"
        yield f"{default} USAGE, SELECT ON SEQUENCES TO {user};"


def _for_mariadb(database: str, users: list[str], *, login: bool) -> Iterator[str]:
    name, (owner, *others) = _quoted(database, "`"), (_quoted(each, "'") for each in users)
    if not login:
        for user in (owner, *others):
            yield f"CREATE USER {user}@'%' IDENTIFIED BY '…';"
    yield f"CREATE DATABASE {name} CHARACTER SET utf8mb4;"
    yield f"GRANT ALL ON {name}.* TO {owner}@'%';"
    for user in others:
        yield f"GRANT SELECT, INSERT, UPDATE, DELETE ON {name}.* TO {user}@'%';"


class _DeniedError(Exception):
    """The server knows the user and lets them make no database."""


def _create(connection: Connection, url: URL) -> bool:
    name = str(url.database)
    if url.get_backend_name() == "postgresql":
        known = text("SELECT 1 FROM pg_database WHERE datname = :name")
        statement = "CREATE DATABASE " + _quoted(name, '"')
    else:
        known = text("SELECT 1 FROM information_schema.schemata WHERE schema_name = :name")
        statement = "CREATE DATABASE " + _quoted(name, "`") + " CHARACTER SET utf8mb4"
    if connection.scalar(known, {"name": name}):
        return False
    try:
        connection.execution_options(no_parameters=True).exec_driver_sql(statement)
    except DBAPIError as error:
        denied = explain(error, url)
        if denied.fault is DatabaseFault.AUTHENTICATION:
            raise _DeniedError(str(denied)) from error
        raise denied from error
    return True


@contextmanager
def _server(settings: Settings, url: URL) -> Iterator[Connection]:
    """A connection to the server, without a database of ours."""
    if url.get_backend_name() == "mysql":
        with _connected(settings, url._replace(database=None)) as connection:
            yield connection
        return
    first, second = (url.set(database=name) for name in MAINTENANCE)
    try:
        with _connected(settings, first):
            chosen = first
    except DatabaseUnavailableError as error:
        if error.fault is not DatabaseFault.NO_DATABASE:
            raise
        chosen = second
    with _connected(settings, chosen) as connection:
        yield connection


@contextmanager
def _connected(settings: Settings, url: URL) -> Iterator[Connection]:
    secret = SecretUrl(url.render_as_string(hide_password=False))
    engine = make_migration_engine(replace(settings, database_migration_url=secret))
    with (
        explained(url),
        engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection,
    ):
        yield connection


def _quoted(name: str, mark: str) -> str:
    return f"{mark}{name.replace(mark, mark * 2)}{mark}"
