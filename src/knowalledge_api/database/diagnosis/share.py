"""How many of the database server's connections one instance of this product has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, text

from knowalledge_api.database import Database

# A name that a client gave may hold anything, so it is compared and not searched.
_POSTGRESQL: Final = text("""
    SELECT count(*) FILTER (WHERE starts_with(application_name, :ours)), count(*),
           count(*) FILTER (WHERE starts_with(application_name, 'knowalledge/')),
           current_setting('max_connections'),
           current_setting('superuser_reserved_connections'),
           coalesce(current_setting('reserved_connections', true), '0')
    FROM pg_stat_activity
    WHERE datid IS NOT NULL AND coalesce(backend_type, 'client backend') = 'client backend'
      AND pid <> pg_backend_pid()
""")
_MYSQL: Final = text("""
    SELECT (SELECT count(*) FROM information_schema.processlist
            WHERE db = DATABASE() AND user = SUBSTRING_INDEX(USER(), '@', 1)
              AND REGEXP_REPLACE(host, ':[0-9]+$', '') = SUBSTRING_INDEX(USER(), '@', -1)
              AND id <> CONNECTION_ID()),
           @@max_connections
""")
_MYSQL_USED: Final = text("SHOW GLOBAL STATUS LIKE 'Threads_connected'")
ENOUGH: Final = 38
"""Characters of an instance's name: a longer one is cut where connections are named after it."""
BY_NAME, BY_USER = "application name", "user, host and database"


@dataclass(frozen=True, slots=True)
class Share:
    """Client connections to the whole server, this very one left out.

    `ours` are this instance's, as far as `counted_by` tells them apart; of the `others`,
    `strangers` are not this product's. `reserved` are kept for administrators.
    """

    ours: int
    others: int
    strangers: int
    max_connections: int
    reserved: int
    counted_by: str


def share(database: Database, instance: str) -> Share | None:
    """Ask the server; None where it keeps no such list, which is SQLite.

    Raises DatabaseUnavailableError where it can't be asked.
    """
    name = database.url.get_backend_name()
    if name not in {"postgresql", "mysql"}:
        return None
    with database.connection() as link:
        return _of_postgresql(link, instance) if name == "postgresql" else _of_mysql(link)


def _of_postgresql(link: Connection, instance: str) -> Share:
    name = _named(instance)
    ours, used, product, limit, *reserved = link.execute(_POSTGRESQL, {"ours": name}).one()
    kept = sum(map(int, reserved))
    return Share(ours, used - ours, used - product, int(limit), kept, BY_NAME)


def _of_mysql(link: Connection) -> Share:
    """MariaDB and MySQL know no application's name, but who connects from where to what."""
    ours, limit = link.execute(_MYSQL).one()
    _, used = link.execute(_MYSQL_USED).one()
    others = max(0, int(used) - 1 - ours)
    return Share(ours, others, others, int(limit), 0, BY_USER)


def _named(instance: str) -> str:
    """How the names of its connections begin: PostgreSQL keeps printable ASCII alone."""
    shown = "".join(sign if " " <= sign <= "~" else "?" for sign in instance)
    return f"knowalledge/{shown[:ENOUGH]}" + "/" * (len(shown) <= ENOUGH)
