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

    @property
    def busy(self) -> int:
        """How many places are taken."""
        return self._busy

    @contextmanager
    def place(self, patience: float = 0) -> Iterator[None]:
        """Have a place in this block; AiError where none is free within `patience` seconds."""
        with self._free:
            if not self._free.wait_for(self._is_free, timeout=min(patience, TIMEOUT_MAX)):
                raise AiError(Fault.BUSY)
            self._busy += 1
        try:
            yield
        finally:
            with self._free:
                self._busy -= 1
                self._free.notify()

    def _is_free(self) -> bool:
        return self._busy < self.size
