"""Why the database could not be asked: the driver's many words as one cause and one hint."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, quote_plus

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as NoFreeConnectionError

from knowalledge_api.database.sqlite import database_file
from knowalledge_api.errors import DatabaseFault, DatabaseUnavailableError

if TYPE_CHECKING:
    from sqlalchemy import URL

LONGEST_CAUSE: Final = 300
MASK: Final = "********"
DEFAULT_PORTS: Final = {"postgresql": 5432, "mysql": 3306}


@dataclass(frozen=True, slots=True)
class Pattern:
    """What a driver's text looks like for one kind of fault, and the next thing to do."""

    fault: DatabaseFault
    text: re.Pattern[str]
    hint: str


def _pattern(fault: DatabaseFault, text: str, hint: str) -> Pattern:
    return Pattern(fault, re.compile(text, re.IGNORECASE), hint)


# Sources: libpq's fe-connect.c, MariaDB's errmsg-utf8.txt, SQLite's result codes; the first
# that matches decides.
PATTERNS: Final = (
    _pattern(
        DatabaseFault.SCHEMA,
        r"no such (table|column)|relation .* does not exist|table .* doesn't exist"
        r"|column .* does not exist|unknown column",
        "run 'knowctl db init'",
    ),
    _pattern(
        DatabaseFault.TOO_MANY,
        r"too many (connections|clients)|remaining connection slots|max_user_connections",
        "fewer workers or a smaller DB_POOL_SIZE, or a larger max_connections",
    ),
    _pattern(
        DatabaseFault.AUTHENTICATION,
        r"authentication failed|access denied|no password supplied|no pg_hba\.conf entry"
        r"|role .* does not exist|permission denied",
        "check user and password in DATABASE_URL",
    ),
    _pattern(
        DatabaseFault.NO_DATABASE,
        r"database .* does not exist|unknown database|unable to open database file",
        "create the database, or mend its name in DATABASE_URL",
    ),
    _pattern(
        DatabaseFault.UNKNOWN_HOST,
        r"could not translate host name|name or service not known|getaddrinfo|nodename nor"
        r"|no address associated|name resolution",
        "check the host in DATABASE_URL",
    ),
    _pattern(
        DatabaseFault.REFUSED,
        r"connection refused|no such file or directory|actively refused",
        "start the database, or mend host and port in DATABASE_URL",
    ),
    _pattern(
        DatabaseFault.SILENT,
        r"no answer from the server|timed out",
        "is the host reachable, and is the server overloaded or frozen?",
    ),
    _pattern(
        DatabaseFault.TIMEOUT,
        r"time-?out|canceling statement|max_statement_time|maximum statement execution",
        "is the server overloaded, or does another session hold a lock?",
    ),
    _pattern(
        DatabaseFault.FULL,
        r"disk is full|disk full|no space left on device|the table .* is full",
        "make room on the disk of the database: df -h there",
    ),
    _pattern(
        DatabaseFault.LOCKED,
        r"database (table )?is locked|deadlock",
        "another process is writing; try again",
    ),
    _pattern(
        DatabaseFault.LOST,
        r"server closed the connection|terminating connection|gone away|lost connection"
        r"|starting up|shutting down|connection reset|broken pipe|not yet accepting",
        "the server stopped or restarts; try again",
    ),
)

MISSING_DRIVERS: Final = {
    "pymysql": "pip install 'knowctl[mysql]'",
    "psycopg2": "pip install psycopg2-binary",
}


@contextmanager
def explained(url: URL) -> Iterator[None]:
    """Raise what means that the database can't be asked as DatabaseUnavailableError."""
    try:
        yield
    except (OperationalError, InterfaceError, NoFreeConnectionError) as error:
        raise explain(error, url) from error
    except ModuleNotFoundError as error:
        if error.name not in MISSING_DRIVERS:
            raise
        raise explain(error, url) from error
    except ProgrammingError as error:  # a missing table is one, and an option that libpq refuses
        found = explain(error, url)
        if found.fault is not DatabaseFault.SCHEMA and "invalid dsn" not in str(error.orig):
            raise
        raise found from error


def explain(error: Exception, url: URL) -> DatabaseUnavailableError:
    """One line of cause, without secrets, and a hint."""
    if isinstance(error, NoFreeConnectionError):
        return DatabaseUnavailableError(
            "no connection of the pool became free in time",
            "fewer requests at once, or a larger DB_POOL_SIZE or DB_MAX_OVERFLOW",
            DatabaseFault.POOL,
        )
    if isinstance(error, ModuleNotFoundError):
        return _no_driver(error)
    text = _driver_text(error)
    line = _without_secrets(text, url).strip().splitlines()[0]
    cause = f"{_place(url)}{line[:LONGEST_CAUSE]}"
    for pattern in PATTERNS:
        if pattern.text.search(text):
            return _about_file(url) or DatabaseUnavailableError(cause, pattern.hint, pattern.fault)
    return DatabaseUnavailableError(cause, "check DATABASE_URL and the server's own log")


def _no_driver(error: ModuleNotFoundError) -> DatabaseUnavailableError:
    name = error.name or "a driver"
    hint = MISSING_DRIVERS.get(name, f"install {name}")
    return DatabaseUnavailableError(f"{name} is not installed", hint, DatabaseFault.NO_DRIVER)


def _driver_text(error: Exception) -> str:
    original = error.orig if isinstance(error, DBAPIError) and error.orig else error
    parts = [part for part in original.args if isinstance(part, str) and part.strip()]
    return parts[-1] if parts else type(original).__name__


def _place(url: URL) -> str:
    """Where the server is: with a wait callback libpq's own texts leave that out."""
    if not url.host:
        return ""
    port = url.port or DEFAULT_PORTS[url.get_backend_name()]
    return f'server at "{url.host}", port {port}: '


def _without_secrets(text: str, url: URL) -> str:
    """The password and the query's values, should a driver ever quote them."""
    values = [str(url.password or "")]
    for given in url.query.values():
        values.extend([given] if isinstance(given, str) else given)
    for value in sorted(filter(None, values), key=len, reverse=True):
        for spelling in {value, quote(value, safe=""), quote_plus(value)}:
            text = text.replace(spelling, MASK)
    return text


def _about_file(url: URL) -> DatabaseUnavailableError | None:
    """SQLite does not say which file it could not open, nor why: it is mostly the directory."""
    file = database_file(url)
    if file is None or file.parent.is_dir():
        return None
    return DatabaseUnavailableError(
        f"SQLite can't open {file}: there is no directory {file.parent}",
        f"mkdir -p {file.parent}",
        DatabaseFault.NO_DATABASE,
    )
