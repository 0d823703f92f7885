"""MariaDB and MySQL asked about themselves; written for MariaDB 10.11 and MySQL 8.4 and newer."""

from __future__ import annotations

import ssl
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
    Route,
    Transactions,
    route_to,
)
from knowalledge_api.database.diagnosis.statements import shown_statement, shown_words

if TYPE_CHECKING:
    from sqlalchemy.exc import DBAPIError

READ_ONLY_ERRORS: Final = frozenset({1290, 1792, 1836})
"""ER_OPTION_PREVENTS_STATEMENT, ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION, ER_READ_ONLY_MODE."""
DENIED: Final = frozenset({1044, 1142, 1227})
"""ER_DBACCESS_DENIED_ERROR, ER_TABLEACCESS_DENIED_ERROR, ER_SPECIFIC_ACCESS_DENIED_ERROR."""
ADVICE: Final = Advice(
    encrypt="add ?ssl_ca=/path/to/ca.pem to DATABASE_URL",
    write_again="SET GLOBAL read_only = 0, where no primary is followed",
    see_others="GRANT PROCESS ON *.* TO the user in DATABASE_URL",
    end_session="KILL {pid}",
)
GRANTS: Final = {
    "MONITOR": "GRANT REPLICA MONITOR ON *.* TO the user in DATABASE_URL",
    "REPLICATION CLIENT": "GRANT REPLICATION CLIENT ON *.* TO the user in DATABASE_URL",
    "table 'data_lock": "GRANT SELECT ON performance_schema.* TO the user in DATABASE_URL",
}
"""By words of the refusal: MariaDB has the first, MySQL the others; else it is PROCESS."""
STOPPED: Final = "its {what} does not run: {why}"

_TLS: Final = text("SHOW SESSION STATUS WHERE variable_name IN ('Ssl_version', 'Ssl_cipher')")
_DUMPS: Final = text("""
    SELECT count(*) FROM information_schema.processlist WHERE command LIKE 'Binlog Dump%'
""")
# The server writes trx_started in the zone of its system, whatever the session's is.
_NOW: Final = "CONVERT_TZ(NOW(), @@session.time_zone, 'SYSTEM')"
_TRANSACTIONS: Final = text(f"""
    SELECT t.trx_mysql_thread_id, TIMESTAMPDIFF(SECOND, t.trx_started, {_NOW}) AS age_s,
           IF(p.command = 'Sleep', 'idle in transaction', COALESCE(p.state, t.trx_state)),
           COALESCE(p.user, ''), t.trx_query
    FROM information_schema.innodb_trx AS t
    LEFT JOIN information_schema.processlist AS p ON p.id = t.trx_mysql_thread_id
    WHERE t.trx_mysql_thread_id <> CONNECTION_ID() AND p.db = DATABASE()
      AND t.trx_started < {_NOW} - INTERVAL :seconds SECOND
    ORDER BY t.trx_started
    LIMIT :rows
""")  # noqa: S608 -- our own words
_WAITING: Final = f"""
    SELECT r.trx_mysql_thread_id, TIMESTAMPDIFF(SECOND, r.trx_wait_started, {_NOW}) AS waits_s,
           {{table}}, COALESCE(pr.user, ''), r.trx_query,
           b.trx_mysql_thread_id,
           IF(pb.command = 'Sleep', 'idle in transaction', COALESCE(pb.state, b.trx_state)),
           COALESCE(pb.user, ''), b.trx_query
    FROM {{waits}}
    LEFT JOIN information_schema.processlist AS pr ON pr.id = r.trx_mysql_thread_id
    LEFT JOIN information_schema.processlist AS pb ON pb.id = b.trx_mysql_thread_id
    WHERE pr.db = DATABASE() AND r.trx_wait_started <= {_NOW} - INTERVAL :seconds SECOND
    ORDER BY r.trx_wait_started
    LIMIT :rows
"""  # noqa: S608 -- our own words
_MARIADB_LOCKS: Final = text(
    _WAITING.format(
        table="l.lock_table",
        waits="""information_schema.innodb_lock_waits AS w
    JOIN information_schema.innodb_trx AS r ON r.trx_id = w.requesting_trx_id
    JOIN information_schema.innodb_trx AS b ON b.trx_id = w.blocking_trx_id
    JOIN information_schema.innodb_locks AS l ON l.lock_id = w.requested_lock_id""",
    )
)
_MYSQL_LOCKS: Final = text(
    _WAITING.format(
        table="l.object_name",
        waits="""performance_schema.data_lock_waits AS w
    JOIN information_schema.innodb_trx AS r ON r.trx_id = w.requesting_engine_transaction_id
    JOIN information_schema.innodb_trx AS b ON b.trx_id = w.blocking_engine_transaction_id
    JOIN performance_schema.data_locks AS l ON l.engine_lock_id = w.requesting_engine_lock_id""",
    )
)
_METADATA_LOCKS: Final = text("""
    SELECT id, time, state, user, info FROM information_schema.processlist
    WHERE state LIKE 'Waiting for%metadata lock%' AND db = DATABASE() AND time >= :seconds
    ORDER BY time DESC
    LIMIT :rows
""")
_CONNECTIONS: Final = text("""
    SELECT (SELECT count(*) FROM information_schema.processlist
            WHERE db = DATABASE() AND user = SUBSTRING_INDEX(USER(), '@', 1)),
           @@max_connections
""")
_USED: Final = text("SHOW GLOBAL STATUS LIKE 'Threads_connected'")


def server(connection: Connection) -> str:
    """Product and version."""
    version = shown_words(connection.scalar(text("SELECT VERSION()")))
    product = "MariaDB" if _is_mariadb(connection) else "MySQL"
    return f"{product} {version.partition('-')[0]}"


def encryption(connection: Connection) -> Encryption:
    """As the server sees it."""
    status = {row[0]: row[1] for row in connection.execute(_TLS)}
    url, driver = connection.engine.url, connection.connection.driver_connection
    route = Route.SOCKET if "unix_socket" in url.query else route_to(url.host)
    checked = getattr(getattr(driver, "ctx", None), "verify_mode", ssl.CERT_NONE)
    protocol, cipher = status.get("Ssl_version", ""), status.get("Ssl_cipher", "")
    return Encryption(route, protocol, cipher, bool(cipher) and checked != ssl.CERT_NONE)


def replication(connection: Connection) -> Replication:
    """Replica by SHOW REPLICA STATUS; else primary where somebody reads its log."""
    followed = connection.execute(text("SHOW REPLICA STATUS")).mappings().first()
    if followed is None:
        replicas = connection.scalar(_DUMPS) or 0
        role = Role.PRIMARY if replicas else Role.STANDALONE
        return Replication(role, replicas=replicas)
    lag = _named(followed, "Seconds_Behind_Master", "Seconds_Behind_Source")
    return Replication(Role.REPLICA, None if lag is None else float(lag), broken=_broken(followed))


def _broken(followed: Any) -> str:
    for what, names, error in (
        ("receiver", ("Slave_IO_Running", "Replica_IO_Running"), "Last_IO_Error"),
        ("applier", ("Slave_SQL_Running", "Replica_SQL_Running"), "Last_SQL_Error"),
    ):
        state = _named(followed, *names)
        if state != "Yes":
            code = followed.get(error.replace("Error", "Errno")) or ""
            return STOPPED.format(what=what, why=f"error {code}" if code else f"it says {state}")
    return ""


def _named(row: Any, *names: str) -> Any:
    """The value of the first name that there is: MySQL renamed what MariaDB still calls so."""
    return next((row[name] for name in names if name in row), None)


def transactions(connection: Connection, seconds: float) -> Transactions:
    """Transactions of this database that are open for longer than so many seconds."""
    found = connection.execute(_TRANSACTIONS, {"seconds": seconds, "rows": ROWS})
    return Transactions(
        tuple(
            LongTransaction(pid, float(age), state, "", user, shown_statement(statement))
            for pid, age, state, user, statement in found
        )
    )


def locks(connection: Connection, seconds: float) -> tuple[LockWait, ...]:
    """Who has waited for so many seconds for a row or a table, and who holds it.

    Of a table's metadata lock it is told who waits, and not for whom: MariaDB does not know.
    """
    bounds = {"seconds": seconds, "rows": ROWS}
    rows = _MARIADB_LOCKS if _is_mariadb(connection) else _MYSQL_LOCKS
    waits = [
        LockWait(
            pid=row[0],
            waits_s=float(row[1]),
            table=_table(row[2]),
            application=row[3],
            statement=shown_statement(row[4]),
            blocked_by=row[5],
            blocker_state=row[6],
            blocker_application=row[7],
            blocker_statement=shown_statement(row[8]),
        )
        for row in connection.execute(rows, bounds)
    ]
    for pid, age, _state, user, statement in connection.execute(_METADATA_LOCKS, bounds):
        waits.append(
            LockWait(pid, float(age), "", user, shown_statement(statement), None, "", "", "")
        )
    return tuple(waits[:ROWS])


def connections(connection: Connection) -> Connections:
    """Client connections of the whole server against its max_connections.

    `ours` are this user's on this database; one more is kept for an administrator.
    """
    ours, limit = connection.execute(_CONNECTIONS).one()
    _, used = connection.execute(_USED).one()
    return Connections(int(used), int(limit), 0, ours)


def read_only(error: DBAPIError) -> bool:
    """Whether a write was refused because nothing may be written."""
    return _code(error) in READ_ONLY_ERRORS


def needs(error: DBAPIError) -> str | None:
    """The statement that would grant what this user lacks; None where it lacks nothing."""
    if _code(error) not in DENIED:
        return None
    said = str(error.orig)
    return next((GRANTS[word] for word in GRANTS if word in said), ADVICE.see_others)


def _code(error: DBAPIError) -> object:
    return error.orig.args[0] if error.orig and error.orig.args else None


def _table(name: str) -> str:
    """`database`.`table` without its quotes and its database."""
    return shown_words(name.rpartition(".")[2].strip("`"))


def _is_mariadb(connection: Connection) -> bool:
    return bool(getattr(connection.dialect, "is_mariadb", False))
