"""Waiting for what has to come true in time."""

from __future__ import annotations

import time
from collections.abc import Callable

LOOK = 0.02
SLOWEST = 4.0
"""How many times as long as promised a machine that is busy with others may take.

That nothing is lost and nothing hangs is what tests judge; how long it took, they print.
"""


def wait_for(
    what: str, holds: Callable[[], bool], seconds: float, seen: Callable[[], object] | None = None
) -> float:
    """Poll until it holds; how long that took, in seconds. `seen` is told where it does not.

    `seconds`: what is promised on a machine that has nothing else to do.
    """
    began = time.monotonic()
    while not holds():
        if time.monotonic() - began > seconds * SLOWEST:
            told = f"; there is {seen()}" if seen else ""
            raise AssertionError(f"not within {SLOWEST:g} x {seconds:g} s: {what}{told}")
        time.sleep(LOOK)
    return time.monotonic() - began
