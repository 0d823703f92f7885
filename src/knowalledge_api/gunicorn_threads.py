"""The threads that gunicorn's worker serves with: one queue, and no Future for each request."""

from __future__ import annotations

import logging
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from typing import Any, NamedTuple

log = logging.getLogger(__name__)


class Served(NamedTuple):
    """What became of a request: whether its connection is kept, or what ended its thread's work."""

    kept: bool
    error: BaseException | None = None


class Threads:
    """At most `size` threads that serve connections, each started when it is needed.

    `serve` says whether to keep a connection; `tell` is called in the thread that served it.
    concurrent.futures makes a future with a condition for each request, which nobody waits for
    here: 6 % of a small one (measured).
    """

    def __init__(
        self, size: int, serve: Callable[[Any], object], tell: Callable[[Any, Served], None]
    ) -> None:
        self._size = size
        self._serve = serve
        self._tell = tell
        self._waiting: SimpleQueue[Any] = SimpleQueue()
        self._started = 0
        self._told = False

    def give(self, conn: Any, wanted: int) -> None:
        """Have a connection served; `wanted` are served or wait for it now, this one included."""
        self._waiting.put(conn)
        if self._started < min(wanted, self._size):
            self._start()

    def shutdown(self) -> None:
        """Let each thread end when it has nothing to do; the end of the process waits for it."""
        for _ in range(self._started):
            self._waiting.put(None)

    def _start(self) -> None:
        thread = Thread(target=self._run, name=f"worker-{self._started + 1}")
        try:
            thread.start()
        except RuntimeError as error:  # the machine allows no more
            if not self._started:
                raise
            if not self._told:
                self._told = True
                log.warning("%d threads serve, of %d: %s", self._started, self._size, error)
        else:
            self._started += 1

    def _run(self) -> None:
        while (conn := self._waiting.get()) is not None:
            self._tell(conn, self._outcome(conn))
            del conn  # a thread that waits keeps nothing alive

    def _outcome(self, conn: Any) -> Served:
        try:
            return Served(kept=self._serve(conn) is True)
        except BaseException as error:  # noqa: BLE001 -- whatever it is, it ends no thread
            return Served(kept=False, error=error)
