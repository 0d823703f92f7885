"""Windows of time in which requests are counted: what is left in them, and who may pass."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import ceil
from typing import Any, Final, NamedTuple

PERIODS: Final = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
"""Seconds of each window that there may be, in the order in which they are kept."""
FIELDS: Final = 3
"""Of a window: when it began, how many requests Redis has counted in it, how many it is owed."""
MOST: Final = 2**32 - 1
"""A number in a window is kept in four bytes."""
FRESH: Final = (0.0, 0, 0) * len(PERIODS)
"""The windows of a subject that was never seen."""
_PLACES: Final = {seconds: FIELDS * place for place, seconds in enumerate(PERIODS.values())}

Windows = list[Any]
"""FIELDS values a period, in the order of PERIODS. Functions here change them in place."""


class Rate(NamedTuple):
    """At most `limit` requests in a window of `seconds`, which is one of PERIODS."""

    limit: int
    seconds: int


class Verdict(NamedTuple):
    """Whether a request may pass, and what its tightest window allows; times in whole seconds.

    `retry_after` is 0 where it may.
    """

    allowed: bool
    limit: int
    remaining: int
    reset_seconds: int
    retry_after: int


def rates_of(text: str) -> tuple[Rate, ...]:
    """The rates in a setting such as 10/minute;100/hour, the shortest first; the least of each."""
    found: dict[int, int] = {}
    for part in text.split(";"):
        number, _, period = part.partition("/")
        seconds, limit = PERIODS[period.strip()], int(number)
        found[seconds] = min(limit, found.get(seconds, limit))
    return tuple(Rate(limit, seconds) for seconds, limit in sorted(found.items()))


@lru_cache(maxsize=64)  # there are as many as tiers and settings
def plan_of(rates: tuple[Rate, ...]) -> tuple[tuple[int, int, int], ...]:
    """Limit, seconds, and the place of the window's first field, of each rate."""
    return tuple((rate.limit, rate.seconds, _PLACES[rate.seconds]) for rate in rates)


def renew(windows: Windows, rates: tuple[Rate, ...], now: float) -> None:
    """Begin those anew whose time is over.

    One that begins later than now was made before the clock was set back: it begins now.
    """
    for _, seconds, at in plan_of(rates):
        start = windows[at]
        if start > now:
            windows[at] = now
        elif now >= start + seconds or not (windows[at + 1] or windows[at + 2]):
            windows[at : at + FIELDS] = (now, 0, 0)


def count(windows: Windows, rates: tuple[Rate, ...], now: float) -> Verdict:
    """Count a request where there is room for it in every window, else in none.

    A window begins with its first request and ends as a whole: that is two numbers a window, the
    same in memory and in Redis, and a time to come again that is kept to the second. In return a
    client may spend the limit of two windows around the end of one.
    """
    renew(windows, rates, now)
    allowed = have_room(windows, rates)
    if allowed:
        for _, _, at in plan_of(rates):
            windows[at + 2] += 1
    return verdict(windows, rates, now, allowed=allowed)


def have_room(windows: Windows, rates: tuple[Rate, ...]) -> bool:
    """Whether one more request fits into every window."""
    return all(windows[at + 1] + windows[at + 2] < limit for limit, _, at in plan_of(rates))


def verdict(windows: Windows, rates: tuple[Rate, ...], now: float, *, allowed: bool) -> Verdict:
    """What to tell of windows after a request was counted in them, or refused.

    It tells of the window with the least left, among equals of the one that lasts longest.
    """
    tightest, least, last = 0, -1, 0.0
    for limit, seconds, at in plan_of(rates):
        left = limit - windows[at + 1] - windows[at + 2]
        left = max(left, 0)
        end = windows[at] + seconds
        if least < 0 or left < least or (left == least and end > last):
            tightest, least, last = limit, left, end
    reset = max(1, ceil(last - now))
    return Verdict(allowed, tightest, least, reset, 0 if allowed else reset)


def forgive(windows: Windows, rates: tuple[Rate, ...]) -> tuple[int, ...]:
    """Take what Redis is owed out of the windows, to be told to it; how many in each."""
    owed = tuple(windows[at + 2] for _, _, at in plan_of(rates))
    for _, _, at in plan_of(rates):
        windows[at + 2] = 0
    return owed


def owe(windows: Windows, rates: tuple[Rate, ...], owed: Sequence[int]) -> None:
    """Put back what Redis could not be told."""
    for (_, _, at), number in zip(plan_of(rates), owed, strict=True):
        windows[at + 2] += number


def learn(windows: Windows, rates: tuple[Rate, ...], counted: Sequence[tuple[float, int]]) -> None:
    """Take over what Redis has counted: start and number, for each window.

    An answer may be older than what another worker has learnt; nothing is counted down.
    """
    for (_, _, at), (start, number) in zip(plan_of(rates), counted, strict=True):
        if start > windows[at] or number > windows[at + 1]:
            windows[at] = start
            windows[at + 1] = min(number, MOST)


def weight(windows: Sequence[Any], now: float) -> int:
    """How many requests would be forgotten with these windows."""
    total = 0
    for seconds, at in _PLACES.items():
        if now < windows[at] + seconds:
            total += windows[at + 1] + windows[at + 2]
    return total
