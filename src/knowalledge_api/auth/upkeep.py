"""What is written about credentials behind the requests' backs: their last use, and their end."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable
from datetime import datetime
from time import monotonic
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from knowalledge_api.database import Database
from knowalledge_api.database.accounts.keys import note_use
from knowalledge_api.database.idempotency import remove_expired
from knowalledge_api.database.models.columns import utc_now
from knowalledge_api.errors import DatabaseUnavailableError

log = logging.getLogger(__name__)

PRECISION: Final = 60.0
"""Seconds within which a key's further uses are not written down."""
SWEEP: Final = 3600.0
"""Seconds from one removal of what has expired to the next, in each worker."""
PAUSE: Final = 0.5
"""Seconds for which uses are gathered before they are written together."""
MOST: Final = 10_000
"""Keys that are kept in mind; beyond it all are forgotten, and written once more."""

Later = Callable[[float, Callable[[], None]], None]


class Upkeep:
    """Gathers which keys were used, and writes it in a thread that lives for that one write.

    A database that is away loses the moments, and nobody waits for them. `later` runs something
    after so many seconds.
    """

    def __init__(
        self,
        database: Database,
        clock: Callable[[], float] = monotonic,
        now: Callable[[], datetime] = utc_now,
        later: Later | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._now = now
        self._later = later or in_a_thread
        self._lock = threading.Lock()
        self._noted: dict[int, float] = {}
        self._pending: dict[int, datetime] = {}
        self._scheduled = False
        self._swept = clock() - SWEEP

    def used(self, key_id: int) -> None:
        """A key opened the door just now."""
        moment = self._clock()
        if moment - self._noted.get(key_id, -PRECISION) < PRECISION:
            return
        with self._lock:
            if len(self._noted) >= MOST:
                self._noted.clear()
            self._noted[key_id] = moment
            self._pending[key_id] = self._now()
            scheduled, self._scheduled = self._scheduled, True
        if not scheduled:
            self._later(PAUSE, self._write)

    def _write(self) -> None:
        with self._lock:
            pending, self._pending, self._scheduled = self._pending, {}, False
        if self._database.stats().type == "none":
            return  # closed meanwhile: the process ends, and opens nothing any more
        try:
            with self._database.session() as session:
                note_use(session, pending)
            self._sweep()
        except (DatabaseUnavailableError, SQLAlchemyError) as error:
            log.warning("the last use of %d keys is not written: %s", len(pending), error)

    def _sweep(self) -> None:
        moment = self._clock()
        if moment - self._swept < SWEEP:
            return
        self._swept = moment
        with self._database.session() as session:
            remove_expired(session, self._now())


def in_a_thread(seconds: float, work: Callable[[], None]) -> None:
    """Run it after so many seconds, in a thread that holds up no process."""
    timer = threading.Timer(seconds, work)
    timer.daemon = True
    with contextlib.suppress(RuntimeError):  # the interpreter ends
        timer.start()
