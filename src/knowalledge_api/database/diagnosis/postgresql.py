"""PostgreSQL asked about itself; written for versions 15 to 18."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, text

from knowalledge_api.database.diagnosis.facts import (
    ROWS,
    Advice,
    Connections,
    Encryption,
    LockWait,
    LongTransaction,
    Replication,
    Role,
    Transactions,
    route_to,
)
from knowalledge_api.database.diagnosis.statements import shown_statement, shown_words

if TYPE_CHECKING:
    from sqlalchemy.exc import DBAPIError

READ_ONLY_TRANSACTION: Final = "25006"
VERIFYING: Final = frozenset({"verify-ca", "verify-full"})
HIDDEN: Final = "<insufficient privilege>"
"""What pg_stat_activity shows in place of another user's statement."""
ADVICE: Final = Advice(
    encrypt="add ?sslmode=verify-full&sslrootcert=/path/to/ca.pem to DATABASE_URL",
    write_again="SHOW default_transaction_read_only; a managed server sets it on a full disk",
    see_others="GRANT pg_read_all_stats TO the user in DATABASE_URL",
    end_session="SELECT pg_terminate_backend({pid})",
)

_VERSION: Final = text("SHOW server_version")
_REPLICA: Final = text("""
    SELECT CASE WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
                ELSE extract(epoch FROM clock_timestamp() - coalesce(
                    pg_last_xact_replay_timestamp(), pg_postmaster_start_time()))
           END,
           EXISTS (SELECT FROM pg_stat_wal_receiver), pg_is_wal_replay_paused()
""")
_MOMENT: Final = text("SELECT pg_sleep(0.2)")
_REPLICAS: Final = text("""
    SELECT count(*), max(extract(epoch FROM replay_lag)) FROM pg_stat_replication
""")
_TRANSACTIONS: Final = text("""
    SELECT pid, extract(epoch FROM clock_timestamp() - xact_start), coalesce(state, ''),
           application_name, usename, query
    FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
      AND backend_type = 'client backend'
      AND xact_start < clock_timestamp() - make_interval(secs => :seconds)
    ORDER BY xact_start
    LIMIT :rows
""")
_HIDDEN: Final = text("""
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND query = :hidden
""")
# Asking who blocks whom stops the lock table for a moment: only of those who wait.
_LOCKS: Final = text("""
    SELECT * FROM (
        SELECT waiting.pid,
               extract(
                   epoch FROM clock_timestamp() - coalesce(wanted.waitstart, waiting.query_start)
               ) AS waits_s,
               coalesce(class.relname, ''), waiting.application_name, waiting.query,
               blocking.pid AS blocked_by, blocking.state, blocking.application_name, blocking.query
        FROM pg_stat_activity AS waiting
        CROSS JOIN LATERAL unnest(pg_blocking_pids(waiting.pid)) AS by (pid)
        LEFT JOIN pg_stat_activity AS blocking ON blocking.pid = by.pid
        LEFT JOIN LATERAL (
            SELECT waitstart FROM pg_locks WHERE pid = waiting.pid AND NOT granted LIMIT 1
        ) AS wanted ON true
        LEFT JOIN LATERAL (
            SELECT relation FROM pg_locks
            WHERE pid = waiting.pid AND relation IS NOT NULL
              AND (NOT granted OR locktype = 'tuple')
            ORDER BY granted
            LIMIT 1
        ) AS place ON true
        LEFT JOIN pg_class AS class ON class.oid = place.relation
        WHERE waiting.wait_event_type = 'Lock' AND waiting.datname = current_database()
    ) AS waits
    WHERE waits_s >= :seconds
    ORDER BY waits_s DESC
    LIMIT :rows
""")
_CONNECTIONS: Final = text("""
    SELECT count(*), count(*) FILTER (WHERE application_name LIKE 'knowalledge/%'),
           current_setting('max_connections'),
           current_setting('superuser_reserved_connections'),
           coalesce(current_setting('reserved_connections', true), '0')
    FROM pg_stat_activity
    WHERE datid IS NOT NULL AND coalesce(backend_type, 'client backend') = 'client backend'
""")


def server(connection: Connection) -> str:
    """Product and version."""
    return f"PostgreSQL {shown_words(connection.scalar(_VERSION))}"


def encryption(connection: Connection) -> Encryption:
    """As the driver sees it: behind a pooler the server would speak of the pooler's link."""
    info: Any = connection.connection.driver_connection.info  # type: ignore[union-attr]  # it is psycopg2's
    route = route_to(info.host)
    if not info.ssl_in_use:
        return Encryption(route)
    return Encryption(
        route,
        protocol=info.ssl_attribute("protocol") or "",
        cipher=info.ssl_attribute("cipher") or "",
        verified=info.dsn_parameters.get("sslmode") in VERIFYING,
    )


def replication(connection: Connection) -> Replication:
    """Replica by pg_is_in_recovery; else primary where replicas are connected."""
    if connection.scalar(text("SELECT pg_is_in_recovery()")):
        return _following(connection)
    replicas, lag = connection.execute(_REPLICAS).one()
    role = Role.PRIMARY if replicas else Role.STANDALONE
    return Replication(role, _seconds(lag), replicas)


def _following(connection: Connection) -> Replication:
    lag, receives, paused = connection.execute(_REPLICA).one()
    if lag:  # what arrived this very moment seems as old as the last transaction before it
        connection.execute(_MOMENT)
        lag, receives, paused = connection.execute(_REPLICA).one()
    broken = "" if receives else "no WAL receiver runs: it gets nothing from its primary"
    if paused:
        broken = "its replay is paused, until somebody calls pg_wal_replay_resume()"
    return Replication(Role.REPLICA, _seconds(lag), broken=broken)


def transactions(connection: Connection, seconds: float) -> Transactions:
    """Transactions of this database that are open for longer than so many seconds."""
    found = connection.execute(_TRANSACTIONS, {"seconds": seconds, "rows": ROWS})
    sessions = tuple(
        LongTransaction(
            pid, float(age), state, shown_words(application), user, shown_statement(statement)
        )
        for pid, age, state, application, user, statement in found
    )
    return Transactions(sessions, connection.scalar(_HIDDEN, {"hidden": HIDDEN}) or 0)


def locks(connection: Connection, seconds: float) -> tuple[LockWait, ...]:
    """Who has waited for so many seconds for a lock in this database, and who holds it."""
    found = connection.execute(_LOCKS, {"seconds": seconds, "rows": ROWS})
    return tuple(
        LockWait(
            pid=row[0],
            waits_s=float(row[1]),
            table=row[2],
            application=shown_words(row[3]),
            statement=shown_statement(row[4]),
            blocked_by=row[5],
            blocker_state=row[6] or "",
            blocker_application=shown_words(row[7]),
            blocker_statement=shown_statement(row[8]),
        )
        for row in found
    )


def connections(connection: Connection) -> Connections:
    """Client connections of the whole server against its max_connections."""
    used, ours, limit, *reserved = connection.execute(_CONNECTIONS).one()
    return Connections(used, int(limit), sum(map(int, reserved)), ours)


def read_only(error: DBAPIError) -> bool:
    """Whether a write was refused because nothing may be written."""
    return getattr(error.orig, "pgcode", None) == READ_ONLY_TRANSACTION


def needs(_error: DBAPIError) -> str | None:
    """The privilege whose lack an error shows; PostgreSQL hides rows instead."""
    return None


def _seconds(value: Any) -> float | None:
    return None if value is None else float(value)
