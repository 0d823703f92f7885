"""Old content goes: what no shelf keeps any longer is removed behind the requests' backs."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from time import monotonic
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from knowalledge_api.auth.upkeep import SWEEP, Later, in_a_thread
from knowalledge_api.database import Database
from knowalledge_api.database.contents import Expiring, remove_page
from knowalledge_api.database.models import GeneratedContent, Topic
from knowalledge_api.database.models.columns import utc_now
from knowalledge_api.errors import DatabaseUnavailableError

log = logging.getLogger(__name__)

PAUSE: Final = 0.1
"""Seconds before each page: ten thousand rows a second at most, and time for the requests."""


class Expiry:
    """Removes content older than `life` seconds, and topics that have none, once an hour.

    Whoever stores something says so, and waits for nothing: each page is a thread that lives for
    two short transactions. A database that is away, or a process that ends, leaves the rest to
    the next hour. Several processes may do it at once.
    """

    def __init__(
        self,
        database: Database,
        life: float,
        clock: Callable[[], float] = monotonic,
        now: Callable[[], datetime] = utc_now,
        later: Later = in_a_thread,
    ) -> None:
        self._database = database
        self._life = timedelta(seconds=life)
        self._clock = clock
        self._now = now
        self._later = later
        self._lock = threading.Lock()
        self._next = clock()

    def stored(self) -> None:
        """Something was stored just now; the first time in an hour old content is removed."""
        moment = self._clock()
        with self._lock:
            if moment < self._next:
                return
            self._next = moment + SWEEP
        self._put_off(GeneratedContent, 0, self._now() - self._life)

    def _put_off(self, table: Expiring, after: int, until: datetime) -> None:
        self._later(PAUSE, partial(self._remove, table, after, until))

    def _remove(self, table: Expiring, after: int, until: datetime) -> None:
        """A page, and who comes after it; topics are looked at when the content is gone."""
        if self._database.stats().type == "none":
            return  # closed meanwhile: the process ends, and opens nothing any more
        try:
            last = remove_page(self._database, table, after, until)
        except (DatabaseUnavailableError, SQLAlchemyError) as error:
            log.warning("old content stays for another hour: %s", error)
            return
        if last is not None:
            self._put_off(table, last, until)
        elif table is GeneratedContent:
            self._put_off(Topic, 0, until)
