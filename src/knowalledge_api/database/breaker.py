"""The one place that decides not to ask a database that has just been silent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from time import monotonic
from typing import Final

from knowalledge_api.errors import DatabaseFault, DatabaseUnavailableError

PAUSE: Final = 1.0
"""Seconds for which nobody asks: requests that queued while others waited are answered at once."""


class Breaker:
    """After a silence nobody asks for PAUSE seconds, then one alone, until there is an answer.

    A silence counts where nobody else got an answer for `silence` seconds either: one statement
    that takes too long is no reason to refuse all others. A refused connection costs no time, and
    so does not count.
    """

    def __init__(self, silence: float, clock: Callable[[], float] = monotonic) -> None:
        self._silence = silence
        self._clock = clock
        self._lock = Lock()
        self._answered = clock()
        self._failure: DatabaseUnavailableError | None = None
        self._until = 0.0
        self._trying = False

    def answered(self) -> None:
        """Note a sign of life: whoever wants to may ask."""
        self._answered = self._clock()
        self._failure = None

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Ask in this block; DatabaseUnavailableError at once while that is in vain."""
        trial = self._enter()
        try:
            yield
        except DatabaseUnavailableError as error:
            self._judge(error, trial=trial)
            raise
        finally:
            if trial:
                self._trying = False

    def _enter(self) -> bool:
        """Whether this is the one that tries."""
        with self._lock:
            known = self._failure
            if known is None:
                return False
            if self._trying or self._clock() < self._until:
                raise DatabaseUnavailableError(
                    f"{known}; not asked again for {PAUSE:g} s", known.hint, known.fault
                )
            self._trying = True
            return True

    def _judge(self, error: DatabaseUnavailableError, *, trial: bool) -> None:
        now = self._clock()
        if error.fault is DatabaseFault.SILENT and now - self._answered >= self._silence:
            self._until = now + PAUSE
            self._failure = error
        elif trial and error.fault is not DatabaseFault.POOL:
            self._failure = None
