"""What the AI is paid for: a budget of calls a day for all servers, and each user's tokens."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date, datetime, time, timedelta

from knowalledge_api.database import Database
from knowalledge_api.database.models.columns import utc_now
from knowalledge_api.database.usage import add_tokens, begin_day, count_call
from knowalledge_api.errors import DatabaseUnavailableError
from knowalledge_api.providers.faults import AiError, Fault

log = logging.getLogger(__name__)


class Spending:
    """Counts in the database, where a restart forgets nothing. A day begins at midnight UTC."""

    def __init__(
        self, database: Database, most: int, now: Callable[[], datetime] = utc_now
    ) -> None:
        self._database = database
        self._most = most
        self._now = now
        self._begun: date | None = None

    def spend(self) -> None:
        """Take a call from today's budget.

        Raises AiError where it is used up, and DatabaseUnavailableError: uncounted, none is made.
        """
        now = self._now()
        today = now.date()
        if self._begun != today:
            with self._database.session() as session:  # its own: MariaDB keeps a lock on the row
                begin_day(session, today)
            self._begun = today
        with self._database.session() as session:
            counted = count_call(session, today, self._most)
        if not counted:
            midnight = datetime.combine(today + timedelta(days=1), time.min, now.tzinfo)
            raise AiError(Fault.SPENT, (midnight - now).total_seconds())

    def tally(self, user: int | None, input_tokens: int, output_tokens: int) -> None:
        """Note what an answer took; one that came is given out though nobody could note it."""
        if user is None:
            return
        try:
            with self._database.session() as session:
                add_tokens(session, user, self._now().date(), input_tokens, output_tokens)
        except DatabaseUnavailableError as error:
            log.warning(
                "%d tokens of user %d are not counted: %s",
                input_tokens + output_tokens,
                user,
                error,
            )
