"""Figures as a person reads them: spans of time, counts and sizes, in a few characters."""

from __future__ import annotations

from typing import Final

SECOND, MINUTE, HOUR, DAY = 1, 60, 3600, 86400
_UNITS: Final = ((DAY, "d"), (HOUR, "h"), (MINUTE, "m"))
KILO, MEGA = 1000, 1_000_000
MEBI: Final = 1 << 20
NONE: Final = "-"


def age(seconds: float | None) -> str:
    """Whole seconds, minutes, hours or days: what has happened is not yet another day."""
    if seconds is None:
        return NONE
    for size, unit in _UNITS:
        if seconds >= 2 * size:
            return f"{seconds // size:.0f}{unit}"
    return f"{max(0.0, seconds) // SECOND:.0f}s"


def span(milliseconds: float | None) -> str:
    """Two figures and a unit: 0.4ms, 12ms, 1.2s; from two minutes on as an age."""
    if milliseconds is None:
        return NONE
    if milliseconds < 9.95:  # noqa: PLR2004 -- what is rounded to two figures
        return f"{milliseconds:.1f}ms"
    if milliseconds < KILO:
        return f"{milliseconds:.0f}ms"
    seconds = milliseconds / KILO
    if seconds < 9.95:  # noqa: PLR2004 -- the same
        return f"{seconds:.1f}s"
    return age(seconds)


def count(number: int | None) -> str:
    """Up to five figures whole, then thousands and millions."""
    if number is None:
        return NONE
    if number < 100 * KILO:
        return str(number)
    return f"{number // KILO}k" if number < 100 * MEGA else f"{number // MEGA}M"


def size(number: int | None) -> str:
    """Mebibytes, as `top` shows memory."""
    return NONE if number is None else f"{round(number / MEBI)}M"


def plural(number: int, noun: str) -> str:
    """A number and what it counts."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
