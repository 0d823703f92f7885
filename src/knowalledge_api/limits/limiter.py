"""Admits a request or refuses it: by Redis for all servers, without it by this server's memory."""

from __future__ import annotations

from collections.abc import Callable
from time import time

from knowalledge_api.limits import remote, windows
from knowalledge_api.limits.table import Table
from knowalledge_api.limits.windows import Rate, Verdict, Windows
from knowalledge_api.stores.store import Store, StoreAwayError

Offer = tuple[Verdict | None, Windows, tuple[int, ...]]


class Limiter:
    """Counts in memory what it counts in Redis too, so that neither begins at zero on a change.

    Memory knows what Redis has counted, so it goes on from there when Redis is away; it keeps what
    it has admitted meanwhile apart, and Redis is told with the next request of the same subject.
    Whom memory knows to be over the limit it refuses without asking. Safe between threads and
    processes.
    """

    def __init__(self, store: Store, table: Table, clock: Callable[[], float] = time) -> None:
        self._store = store
        self._table = table
        self._clock = clock

    def admit(self, kind: str, who: str, rates: tuple[Rate, ...]) -> Verdict:
        """Count a request of somebody, or refuse it where one of the rates is used up.

        A request that is refused does not count. Never raises for Redis' sake.
        """
        subject = f"{kind}:{who}"
        now = self._clock()
        if self._store.usable:
            return self._asked(subject, rates, now)
        return self._table.change(subject, windows.count, rates, now)

    def spent(self, kind: str, who: str, rates: tuple[Rate, ...]) -> Verdict | None:
        """What somebody is told whose rates are used up, by what memory knows; else None.

        Nothing is counted, and Redis is not asked.
        """
        return self._table.change(f"{kind}:{who}", _spent, rates, self._clock())

    def _asked(self, subject: str, rates: tuple[Rate, ...], now: float) -> Verdict:
        refused, known, owed = self._table.change(subject, _offer, rates, now)
        if refused is not None:
            return refused
        try:
            allowed, counted = remote.count(self._store, subject, rates, known, owed, now)
        except StoreAwayError:
            return self._table.change(subject, _count_here, rates, owed, self._clock())
        return self._table.change(subject, _learn, rates, counted, now, allowed)


def _offer(known: Windows, rates: tuple[Rate, ...], now: float) -> Offer:
    """What Redis is to be told; or the refusal that needs no telling."""
    windows.renew(known, rates, now)
    if not windows.have_room(known, rates):
        return windows.verdict(known, rates, now, allowed=False), known, ()
    owed = windows.forgive(known, rates)
    return None, known.copy(), owed


def _spent(known: Windows, rates: tuple[Rate, ...], now: float) -> Verdict | None:
    """The refusal where there is no room; the windows stay as they are."""
    seen = known.copy()
    windows.renew(seen, rates, now)
    if windows.have_room(seen, rates):
        return None
    return windows.verdict(seen, rates, now, allowed=False)


def _count_here(
    known: Windows, rates: tuple[Rate, ...], owed: tuple[int, ...], now: float
) -> Verdict:
    """Take back what Redis could not be told, and count without it."""
    windows.renew(known, rates, now)
    windows.owe(known, rates, owed)
    return windows.count(known, rates, now)


def _learn(
    known: Windows,
    rates: tuple[Rate, ...],
    counted: tuple[tuple[float, int], ...],
    now: float,
    allowed: bool,
) -> Verdict:
    """Keep what Redis has counted, and tell of that."""
    windows.renew(known, rates, now)
    windows.learn(known, rates, counted)
    return windows.verdict(known, rates, now, allowed=allowed)
