"""Waiting for what has to come true in time."""

from __future__ import annotations

import time
from collections.abc import Callable

LOOK = 0.02


def wait_for(
    what: str, holds: Callable[[], bool], seconds: float, seen: Callable[[], object] | None = None
) -> float:
    """Poll until it holds; how long that took, in seconds. `seen` is told where it does not."""
    began = time.monotonic()
    while not holds():
        if time.monotonic() - began > seconds:
            told = f"; there is {seen()}" if seen else ""
            raise AssertionError(f"not within {seconds:g} s: {what}{told}")
        time.sleep(LOOK)
    return time.monotonic() - began
