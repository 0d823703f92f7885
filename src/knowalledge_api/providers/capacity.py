"""How many may do something at once: who comes beyond that is refused, or waits for a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import TIMEOUT_MAX, Condition

from knowalledge_api.providers.faults import AiError, Fault


class Capacity:
    """Places for `size` threads of one process. Made before the fork; nobody holds one then."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._free = Condition()
        self._busy = 0
        self._waiting = 0

    @property
    def busy(self) -> int:
        """How many places are taken."""
        return self._busy

    @contextmanager
    def place(self, patience: float = 0) -> Iterator[None]:
        """Have a place in this block; AiError where none is free within `patience` seconds.

        Places that become free are for those who wait before they are for anybody else.
        """
        with self._free:
            if not (self._busy + self._waiting < self.size or self._waited(patience)):
                raise AiError(Fault.BUSY)
            self._busy += 1
        try:
            yield
        finally:
            with self._free:
                self._busy -= 1
                self._free.notify()

    def _waited(self, patience: float) -> bool:
        """Whether a place became free in time."""
        if patience <= 0:
            return False
        self._waiting += 1
        try:
            return self._free.wait_for(
                lambda: self._busy < self.size, timeout=min(patience, TIMEOUT_MAX)
            )
        finally:
            self._waiting -= 1
