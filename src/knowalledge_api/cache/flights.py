"""Making the same thing once in this process, however many threads want it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from time import monotonic
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(slots=True, eq=False)
class _Flight(Generic[T]):
    """Something that one thread makes and others wait for."""

    done: threading.Event = field(default_factory=threading.Event)
    value: T | None = None
    error: Exception | None = None


class Flights(Generic[T]):
    """Whoever comes first makes it; who comes meanwhile waits for that one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flights: dict[Hashable, _Flight[T]] = {}

    def share(self, key: Hashable, make: Callable[[], T], until: float) -> tuple[T, bool]:
        """What `make` made, here or in another thread, and whether it was here.

        Raises what `make` raises, there too: what failed for one is not tried again by each who
        waited. Who has waited in vain, `until` then by time.monotonic, makes it by themselves.
        """
        with self._lock:
            flight = self._flights.get(key)
            if flight is None:
                mine = self._flights[key] = _Flight()
        if flight is None:
            return self._led(key, mine, make), True
        if not flight.done.wait(max(0.0, min(until - monotonic(), threading.TIMEOUT_MAX))):
            return make(), True
        if flight.error is not None:
            raise flight.error
        if flight.value is None:  # its thread was ended in the middle of it
            return make(), True
        return flight.value, False

    def _led(self, key: Hashable, flight: _Flight[T], make: Callable[[], T]) -> T:
        try:
            flight.value = made = make()
        except Exception as error:
            flight.error = error
            raise
        finally:
            with self._lock:
                del self._flights[key]
            flight.done.set()
        return made
