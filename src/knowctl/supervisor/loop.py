"""One thread that waits for everything at once: files, signals, children and the clock."""

from __future__ import annotations

import os
import selectors
import signal
import time
from collections.abc import Callable, Generator, Iterable
from functools import partial
from typing import Any, Final, TypeVar

T = TypeVar("T")
Steps = Generator[float, None, T]
"""Work that waits: it yields the seconds after which it looks again; any event wakes it sooner."""

LONGEST: Final = 3600.0


class Loop:
    """Runs steps until `end` is called. Everything happens on the thread that calls `run`.

    `on_error` is told of an exception in one of the works, and the others go on; without it the
    exception ends the loop.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        on_error: Callable[[Exception], None] | None = None,
    ) -> None:
        self.now = clock
        self.on_error = on_error
        self._selector = selectors.DefaultSelector()
        self._due: dict[Steps[None], float] = {}
        self._signals: list[int] = []
        self._ended = False

    def start(self, steps: Steps[None]) -> None:
        """Begin work; its first part is done in the loop's next round."""
        self._due[steps] = 0.0

    def watch(self, readable: Any, react: Callable[[], None]) -> None:
        """Call `react` whenever there is something to read."""
        self._selector.register(readable, selectors.EVENT_READ, react)

    def forget(self, readable: Any) -> None:
        """Watch it no longer."""
        self._selector.unregister(readable)

    def catch(self, signals: Iterable[int], react: Callable[[int], None]) -> None:
        """Call `react` with each of these signals that comes, in the loop's own time."""
        reader, writer = os.pipe()
        for end in (reader, writer):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        for number in signals:
            signal.signal(number, lambda caught, _frame: self._signals.append(caught))

        def drain() -> None:
            os.read(reader, 4096)
            caught, self._signals = self._signals, []
            for number in caught:
                react(number)

        self.watch(reader, drain)

    def until(self, holds: Callable[[], bool], seconds: float) -> Steps[bool]:
        """Wait for a condition, at most so long; whether it holds."""
        deadline = self.now() + seconds
        while not holds():
            left = deadline - self.now()
            if left <= 0:
                return False
            yield left
        return True

    def end(self) -> None:
        """Let `run` return."""
        self._ended = True

    def run(self) -> None:
        """Wait, react, and go on with what is due, until the end."""
        while self._goes_on():
            for key, _ in self._selector.select(self._patience()):
                self._guard(key.data)
                self._due = dict.fromkeys(self._due, 0.0)

    def _guard(self, part: Callable[[], T]) -> T | None:
        """Do a part of some work; an error in it ends that work and no other."""
        try:
            return part()
        except Exception as error:
            if self.on_error is None:
                raise
            self.on_error(error)
            return None

    def _goes_on(self) -> bool:
        """Do what is due; whether there is more to wait for."""
        if not self._ended:
            self._advance()
        return not self._ended

    def _patience(self) -> float:
        nearest = min(self._due.values(), default=self.now() + LONGEST)
        return max(0.0, nearest - self.now())

    def _advance(self) -> None:
        for steps, due in tuple(self._due.items()):
            if due > self.now():
                continue
            del self._due[steps]
            pause = self._guard(partial(next, steps, None))
            if pause is not None:
                self._due[steps] = self.now() + pause
