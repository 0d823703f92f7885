"""How long a connection may wait for what, and what a database backend has to provide."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from sqlalchemy import event

from knowalledge_api.generation import current
from knowalledge_api.settings import Settings
from knowalledge_api.settings.table import Pooler

if TYPE_CHECKING:
    from sqlalchemy import URL, Engine

DDL_LOCK_WAIT: Final = 5.0
"""Seconds a migration's statement waits for a lock: the requests that queue behind it wait too."""

GIVE_UP: Final = 0.8
"""The share of DB_DEADLINE that a request waits: the rest is for its answer, on a busy machine."""

ANSWERED: Final = 0.65
"""The share after which the server ends a statement, so that whoever is silent longer is away.

A statement that the client alone gives up would go on in the server, with its locks and its place
among the connections.
"""

LONGEST_NAME: Final = 63
"""Bytes; PostgreSQL cuts the rest off, and writes each byte beyond ASCII as four."""
_UNPRINTED: Final = re.compile(r"[^ -~]")


@dataclass(frozen=True, slots=True)
class Limits:
    """Times in seconds, None where there is no bound.

    `statement` and `lock` hold in the server, `silence` on the client's side: it ends the wait
    for a server that was frozen or cut off, which no server-side limit can. It bounds each wait,
    and all waits of one request together. `pooled` says that a transaction pooler stands before
    the server, where session settings do not last.
    """

    application: str
    connect: int
    statement: float | None = None
    silence: float | None = None
    lock: float | None = None
    pooled: bool = False

    @property
    def ping(self) -> float | None:
        """The wait for a sign of life: it leaves as much for a new connection."""
        return None if self.silence is None else self.silence / 2

    @classmethod
    def serving(cls, settings: Settings) -> Limits:
        """What a request may wait for."""
        return cls(
            application=application_name(settings),
            connect=settings.db_connect_timeout,
            statement=min(settings.db_statement_timeout, settings.db_deadline * ANSWERED),
            silence=settings.db_deadline * GIVE_UP,
            pooled=settings.db_pooler is Pooler.PGBOUNCER,
        )

    @classmethod
    def migrating(cls, settings: Settings, lock: float = DDL_LOCK_WAIT) -> Limits:
        """What a migration may wait for: it connects directly and takes the time it needs."""
        return cls(
            application=application_name(settings),
            connect=settings.db_connect_timeout,
            lock=lock,
        )


class Backend(Protocol):
    """What each of the modules postgresql, mysql and sqlite provides."""

    def engine_options(self, limits: Limits) -> dict[str, Any]:
        """Arguments of create_engine."""
        ...

    def connect_arguments(self, url: URL, limits: Limits) -> dict[str, Any]:
        """Arguments of the driver's connect."""
        ...

    def listen(self, engine: Engine, limits: Limits) -> None:
        """Register what is done with each new connection or transaction."""
        ...


def bound_ping(engine: Engine, limits: Limits) -> None:
    """Trust a connection less while it lies in the pool: its next wait is for the ping.

    What tells nothing then, as after a failover or behind a firewall that forgot it, is replaced
    while there is still time to answer.
    """

    @event.listens_for(engine, "checkin")
    def doubt(connection: Any, _record: object) -> None:
        if connection is not None:
            connection.patience = limits.ping

    @event.listens_for(engine, "checkout")
    def trust(connection: Any, _record: object, _proxy: object) -> None:
        connection.patience = limits.silence


def application_name(settings: Settings) -> str:
    """How a connection of this process names itself in the server's own list.

    It ends with the generation and the process, whatever the instance is called.
    """
    mine = current()
    end = f"/{mine.number if mine else 0}/{os.getpid()}"
    instance = _UNPRINTED.sub("?", settings.instance)
    return f"knowalledge/{instance}"[: LONGEST_NAME - len(end)] + end
