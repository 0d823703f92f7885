"""How late this machine lets a test be: what it did to the client, it did to the server too."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

TICK = 0.005
NOTABLE = 0.01
"""Less than this is no lag: threads of one interpreter take turns of that order."""


@dataclass(frozen=True, slots=True)
class Late:
    """From `due` until `woke` this process was not let run."""

    due: float
    woke: float

    @property
    def seconds(self) -> float:
        """How late that was."""
        return self.woke - self.due


@dataclass
class Lag:
    """Sleeps a tick again and again, and keeps each time that it was woken late."""

    late: list[Late] = field(default_factory=list)
    _end: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Watch, until the end."""
        while not self._end.is_set():
            due = time.monotonic() + TICK
            time.sleep(TICK)
            woke = time.monotonic()
            if woke - due > NOTABLE:
                self.late.append(Late(due, woke))

    def end(self) -> None:
        """Watch no more."""
        self._end.set()

    def worst(self, began: float = 0.0, ended: float = float("inf")) -> float:
        """The longest lateness, in seconds, that touches a window; 0 where all was in time."""
        touching = [each for each in tuple(self.late) if each.woke > began and each.due < ended]
        return max((each.seconds for each in touching), default=0.0)

    def total(self, began: float, ended: float) -> float:
        """All lateness within a window, in seconds."""
        return sum(
            max(0.0, min(each.woke, ended) - max(each.due, began)) for each in tuple(self.late)
        )


@contextmanager
def watched() -> Iterator[Lag]:
    """The lag of this process while the block runs."""
    lag = Lag()
    thread = threading.Thread(target=lag.run, daemon=True)
    thread.start()
    try:
        yield lag
    finally:
        lag.end()
        thread.join()
