"""MariaDB and MySQL through PyMySQL: time limits, strictness and the isolation of PostgreSQL."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from pymysql import connections  # type: ignore[import-untyped, unused-ignore]  # its releases differ in that
from sqlalchemy import URL, Engine, event

from knowalledge_api.database.limits import Limits, bound_ping
from knowalledge_api.database.turns import left

MILLISECONDS: Final = 1000
SHORTEST: Final = 0.001
"""Seconds; a socket with a time-out of zero would not wait at all, and fail in other words."""


class BoundedConnection(connections.Connection):  # type: ignore[misc, unused-ignore]  # the same
    """A connection that is given up after `patience` seconds without an answer.

    PyMySQL's own time-outs are fixed when a connection is made; here each wait takes what is left
    of the turn that it is part of.
    """

    def __init__(self, *, connect_timeout: float, silence: float | None, **options: Any) -> None:
        self.patience: float | None = connect_timeout
        super().__init__(connect_timeout=connect_timeout, **options)
        self.patience = silence

    @property
    def _read_timeout(self) -> float | None:
        return None if self.patience is None else max(SHORTEST, left(self.patience))

    @_read_timeout.setter
    def _read_timeout(self, _: object) -> None:
        pass

    @property
    def connect_timeout(self) -> float | None:
        """What the socket may take to connect."""
        return self._read_timeout

    @connect_timeout.setter
    def connect_timeout(self, _: object) -> None:
        pass

    _write_timeout = _read_timeout

    def _create_ssl_ctx(self, given: Any) -> Any:
        """Read the system's certificates once, not for each connection.

        PyMySQL 1.2 prefers TLS and prepares it even for connections that are then refused. That
        takes 40 ms of CPU, so a database that is away would keep a worker busy.
        """
        return super()._create_ssl_ctx(given) if given else _plain_tls()


@cache
def _plain_tls() -> Any:
    return connections.Connection(defer_connect=True).ctx


def engine_options(_limits: Limits) -> dict[str, Any]:
    """Arguments of create_engine.

    READ COMMITTED as on PostgreSQL: under MariaDB's own default an UPDATE that finds no row
    locks the gap, and two processes that then insert the same key deadlock.
    """
    return {"isolation_level": "READ COMMITTED"}


def connect_arguments(_url: URL, limits: Limits) -> dict[str, Any]:
    """Arguments of BoundedConnection."""
    return {
        "connect_timeout": limits.connect,
        "silence": limits.silence,
        "program_name": limits.application,
    }


def listen(engine: Engine, limits: Limits) -> None:
    """Make bounded connections, and give each its server-side limits."""
    bound_ping(engine, limits)

    @event.listens_for(engine, "do_connect")
    def connect(_dialect: object, _record: object, _given: object, options: Any) -> Any:
        try:
            return BoundedConnection(**options)
        except (
            AttributeError,
            OSError,
            TypeError,
            ValueError,
        ) as error:  # the driver's own are none
            words = f"an option in the URL can't be used ({type(error).__name__})"
            raise connections.err.OperationalError(words) from error

    @event.listens_for(engine, "connect")
    def bound_session(connection: Any, _record: object) -> None:
        statement = session_settings(limits, connection.get_server_info())
        if statement:
            with connection.cursor() as cursor:
                cursor.execute(statement)


def session_settings(limits: Limits, server: str) -> str:
    """The statement that bounds a session; MySQL and MariaDB name and measure limits differently.

    MariaDB's bound holds for every statement and its locks; MySQL's for SELECT alone, so its
    waits for locks are bounded too, in whole seconds.
    """
    settings = []
    if limits.statement is not None and "mariadb" in server.lower():
        settings.append(f"max_statement_time = {limits.statement:g}")
    elif limits.statement is not None:
        wait = max(1, int(limits.statement))
        settings.append(f"max_execution_time = {limits.statement * MILLISECONDS:.0f}")
        settings += [f"innodb_lock_wait_timeout = {wait}", f"lock_wait_timeout = {wait}"]
    if limits.lock is not None:
        settings.append(f"lock_wait_timeout = {limits.lock:.0f}")
    return f"SET SESSION {', '.join(settings)}" if settings else ""
