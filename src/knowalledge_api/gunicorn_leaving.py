"""The connections whose answers still go out: they wait for their clients without a thread."""

from __future__ import annotations

import selectors
import socket
import struct
from contextlib import suppress
from functools import partial
from typing import Any, Final

from knowalledge_api.gunicorn_outgoing import GoneError

LARGEST_LEAVING: Final = 64 << 20
"""Bytes of answers that still go out, all together; beyond it the idlest clients are let go."""
TURN: Final = 256 << 10
"""Bytes that one client may take before it is the turn of others."""
RESET: Final = struct.pack("@ii", 1, 0)
"""SO_LINGER that keeps nothing for a client: a reset says that its answer is not whole."""


class Leaving:
    """Connections of a worker, those first whose clients have taken nothing for the longest.

    None is read meanwhile, so that a client has to take one answer before it gets another.
    """

    def __init__(self, worker: Any, most: int = LARGEST_LEAVING) -> None:
        self._worker = worker
        self._conns: dict[Any, bool] = {}
        self._most = most

    def __len__(self) -> int:
        return len(self._conns)

    @property
    def held(self) -> int:
        """Bytes that are kept of all these answers."""
        return sum(conn.out.kept for conn in self._conns)

    def add(self, conn: Any, *, kept: bool) -> None:
        """Let the rest of an answer go out; then its connection departs, to be kept or not."""
        self._watch(conn)
        self._conns[conn] = kept
        while self.held > self._most and len(self._conns) > 1:
            self._cut(next(iter(self._conns)))

    def go_on(self, conn: Any, _sock: object = None) -> None:
        """Send what a client takes now."""
        if conn not in self._conns:  # it was let go after the poller had told of it
            return
        read_before = conn.out.wants_read
        try:
            taken = conn.out.go_on(TURN)
        except GoneError:
            self._forget(conn)
            self._worker.drop(conn)
            return
        if not conn.out.kept:
            self._worker.depart(conn, kept=self._forget(conn))
            return
        if taken:
            self._conns[conn] = self._conns.pop(conn)
        if conn.out.wants_read is not read_before:
            self._worker.poller.unregister(conn.sock)
            self._watch(conn)

    def end_overdue(self, now: float) -> None:
        """Let go who takes too long, by time.monotonic()."""
        for conn in [each for each in self._conns if each.out.until() <= now]:
            self._cut(conn)

    def _watch(self, conn: Any) -> None:
        events = selectors.EVENT_READ if conn.out.wants_read else selectors.EVENT_WRITE
        self._worker.poller.register(conn.sock, events, partial(self.go_on, conn))

    def _forget(self, conn: Any) -> bool:
        self._worker.poller.unregister(conn.sock)
        return self._conns.pop(conn)

    def _cut(self, conn: Any) -> None:
        """End a connection in the midst of its answer."""
        out = conn.out
        self._worker.log.debug(
            "An answer was cut off: its client took %d of %d bytes", out.given - out.kept, out.given
        )
        self._forget(conn)
        with suppress(OSError):
            conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self._worker.drop(conn)
