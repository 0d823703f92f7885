"""By how much the database server's clock is ahead of this machine's."""

from __future__ import annotations

from collections.abc import Callable
from time import time
from typing import Final

from sqlalchemy import text

from knowalledge_api.database import Database

_TIMES: Final = {
    "postgresql": text("SELECT extract(epoch FROM clock_timestamp())"),
    "mysql": text("SELECT UNIX_TIMESTAMP(SYSDATE(6))"),
}
"""Seconds of the Unix epoch, whatever the zone of the session."""


def ahead(database: Database, now: Callable[[], float] = time) -> float | None:
    """Seconds, negative where it is behind; None of SQLite, which has this machine's clock.

    Its answer is held against the middle of the question. Raises DatabaseUnavailableError where
    it can't be asked.
    """
    question = _TIMES.get(database.url.get_backend_name())
    if question is None:
        return None
    with database.connection() as link:
        before = now()
        told = float(link.execute(question).scalar_one())
        return told - (before + now()) / 2
