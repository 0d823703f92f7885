"""Time as services are given it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class Clock(NamedTuple):
    """Time, so that tests need not wait for it."""

    now: Callable[[], float]
    sleep: Callable[[float], None]
