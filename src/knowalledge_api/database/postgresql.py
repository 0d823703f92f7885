"""PostgreSQL through psycopg2: start-up options, and a client-side end to every wait."""

from __future__ import annotations

import select
import sys
from time import monotonic
from typing import Any, Final

import psycopg2
import psycopg2.extras  # SQLAlchemy would import it with the first connection
from psycopg2 import extensions
from sqlalchemy import URL, Connection, Engine, event

from knowalledge_api.database.limits import Limits, bound_ping
from knowalledge_api.database.turns import left

MILLISECONDS: Final = 1000


class BoundedConnection(extensions.connection):
    """A connection that is given up after `patience` seconds without an answer.

    libpq's own connect_timeout is not looked at while psycopg2 waits through a callback, and no
    other option of libpq ends the wait for a server process that was frozen: its kernel goes on
    acknowledging. So the callback watches the time, of the connecting first.
    """

    def __init__(self, dsn: str, *, connect: float, silence: float | None, **options: Any) -> None:
        self.patience: float | None = connect
        super().__init__(dsn, **options)
        self.patience = silence


def wait(connection: Any) -> None:
    """psycopg2's wait callback: sleep until libpq has what it needs, or patience is over."""
    patience = getattr(connection, "patience", None)
    if patience is not None:
        patience = left(patience)
    end = None if patience is None else monotonic() + patience
    while (state := connection.poll()) != extensions.POLL_OK:
        rest = None if end is None else end - monotonic()
        if (rest is not None and rest <= 0) or not _ready(connection.fileno(), state, rest):
            raise psycopg2.OperationalError(f"no answer from the server in {patience:.2g} s")


if sys.platform == "win32":

    def _ready(descriptor: int, state: int, seconds: float | None) -> bool:
        reading = [descriptor] if state == extensions.POLL_READ else []
        writing = [descriptor] if state == extensions.POLL_WRITE else []
        return any(select.select(reading, writing, [], seconds))

else:

    def _ready(descriptor: int, state: int, seconds: float | None) -> bool:
        poll = select.poll()  # select() refuses descriptors above 1023
        poll.register(
            descriptor, select.POLLIN if state == extensions.POLL_READ else select.POLLOUT
        )
        return bool(poll.poll(None if seconds is None else seconds * MILLISECONDS))


def engine_options(_limits: Limits) -> dict[str, Any]:
    """Arguments of create_engine: none. The wait callback is installed for this process."""
    extensions.set_wait_callback(wait)
    return {}


def connect_arguments(url: URL, limits: Limits) -> dict[str, Any]:
    """Arguments of psycopg2.connect; server settings in the URL's `options` come first."""

    def factory(dsn: str, **options: Any) -> BoundedConnection:
        return BoundedConnection(dsn, connect=limits.connect, silence=limits.silence, **options)

    arguments = {"application_name": limits.application, "connection_factory": factory}
    if not limits.pooled:
        own = [
            f"-c {name}={seconds * MILLISECONDS:.0f}"
            for name, seconds in (
                ("statement_timeout", limits.statement),
                ("lock_timeout", limits.lock),
            )
            if seconds is not None
        ]
        arguments["options"] = " ".join([*_given_options(url), *own])
    return arguments


def _given_options(url: URL) -> tuple[str, ...]:
    given = url.query.get("options", ())
    return (given,) if isinstance(given, str) else given


def listen(engine: Engine, limits: Limits) -> None:
    """Bound the ping, and each transaction behind a pooler of transactions."""
    bound_ping(engine, limits)
    if limits.pooled and limits.statement is not None:
        setting = f"SET LOCAL statement_timeout = {limits.statement * MILLISECONDS:.0f}"

        @event.listens_for(engine, "begin")
        def bound_transaction(connection: Connection) -> None:
            connection.exec_driver_sql(setting)
