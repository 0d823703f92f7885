"""An answer that goes out as its client takes it: what is sent at once, and what is kept."""

from __future__ import annotations

import fcntl
import select
import socket
import ssl
import sys
import termios
import time
from collections import deque
from contextlib import suppress
from typing import Any, Final

from knowalledge_api.arrivals import BODY_SECONDS, LEAST_RATE

LARGEST_KEPT: Final = 8 << 20
"""Bytes that are kept of an answer before whoever still writes it has to wait for its client.

An answer that is written in one piece is in memory anyway, so that nobody waits. No route of ours
writes in several.
"""
THREAD_RATE: Final = 256 << 10
"""Bytes a second that a client has to take while a thread waits for it: 30 s for `LARGEST_KEPT`."""
LARGEST_UNSENT: Final = 128 << 10
"""Bytes that the system takes while it can't send them; our OpenAPI document has 70 KB.

Without a bound it takes 2.8 MB for a client that reads nothing (Linux 6, measured), which is 40
answers to one that asks ahead.
"""
RECORD: Final = 16384
"""Bytes that TLS sends at once. What it could not send has to be tried again as it was."""


class GoneError(ConnectionError):
    """A client that takes no more of its answer, or takes too long."""


class Outgoing:
    """One answer on a socket that never waits.

    A thread writes it; what is kept then goes out by whoever calls `go_on` when the socket is
    ready. `given` counts the bytes that were written, `kept` those of them that are still here.
    """

    __slots__ = ("_ahead", "_pieces", "_since", "_sock", "_step", "given", "kept", "wants_read")

    def __init__(self, sock: Any) -> None:
        self._sock = sock
        self._step = RECORD if isinstance(sock, ssl.SSLSocket) else sys.maxsize
        self._pieces: deque[memoryview] = deque()
        self._since = 0.0
        self._ahead = 0
        self.given = 0
        self.kept = 0
        self.wants_read = False

    def sendall(self, data: bytes) -> None:
        """Send what is taken at once, and keep the rest; GoneError where nobody takes it."""
        size = len(data)
        self.given += size
        sent = self._send(data) if not self.kept and 0 < size <= self._step else 0
        if sent < size:
            self._keep(rest_of(memoryview(data), sent), is_full=sent > 0)

    def go_on(self, most: int = sys.maxsize) -> int:
        """Send what is taken now, not much more than `most`; how many bytes were."""
        taken = 0
        while self._pieces and taken < most:
            piece = self._pieces[0]
            part = piece[: self._step]
            sent = self._send(part)
            taken += sent
            self.kept -= sent
            if sent < len(piece):
                self._pieces[0] = rest_of(piece, sent)
            else:
                self._pieces.popleft()
            if sent < len(part):
                break
        return taken

    def until(self, rate: int = LEAST_RATE) -> float:
        """When its time is over, by time.monotonic(): it has as much as a body that comes in.

        Bytes count that the client has taken since the system took no more; which those are the
        system tells. It asks for more only now and then: by what it takes, a steady client could
        not be told from one that reads nothing.
        """
        taken = self.given - self.kept + self._ahead - queued(self._sock)
        return self._since + BODY_SECONDS + max(0, taken) / rate

    def _send(self, data: bytes | memoryview) -> int:
        """Offer this to the system; how many bytes it took."""
        try:
            sent: int = self._sock.send(data)
        except (BlockingIOError, ssl.SSLWantWriteError):
            self.wants_read = False
            return 0
        except ssl.SSLWantReadError:
            self.wants_read = True
            return 0
        except OSError as error:
            self._lose()
            raise GoneError(str(error)) from error
        return sent

    def _keep(self, rest: memoryview, *, is_full: bool) -> None:
        """Keep what was not taken, and offer it once more unless the system is known to be full."""
        if self.kept > LARGEST_KEPT:
            self._wait()
        if not self.kept:
            self._since = time.monotonic()
            self._ahead = max(0, queued(self._sock) - self.given + len(rest))
        self._pieces.append(rest)
        self.kept += len(rest)
        if not is_full:
            self.go_on()

    def _wait(self) -> None:
        """Wait in this thread until the client has taken enough."""
        ready = select.poll()
        while self.kept > LARGEST_KEPT:
            left = self.until(THREAD_RATE) - time.monotonic()
            if left <= 0:
                self._lose()
                raise GoneError("an answer is too large for how slowly it is taken")
            ready.register(self._sock, select.POLLIN if self.wants_read else select.POLLOUT)
            ready.poll(left * 1000)
            self.go_on()

    def _lose(self) -> None:
        """Keep nothing any more: it would follow on a gap."""
        self._pieces.clear()
        self.kept = 0


def bind_system(listener: Any) -> None:
    """Let connections of a listener have `LARGEST_UNSENT`, where the system knows of such a bound.

    What is on its way counts apart, so that a fast client is as fast as before.
    """
    bound = getattr(socket, "TCP_NOTSENT_LOWAT", None)
    if bound is not None:
        with suppress(OSError):  # a Unix socket has none
            listener.setsockopt(socket.IPPROTO_TCP, bound, LARGEST_UNSENT)


def rest_of(piece: memoryview, sent: int) -> memoryview:
    """What is left of a piece, which holds no more than twice its size in memory."""
    rest = piece[sent:]
    held = memoryview(piece.obj).nbytes
    return memoryview(bytes(rest)) if 2 * len(rest) <= held else rest


def queued(sock: Any) -> int:
    """Bytes that the system has taken for a client and the client has not; 0 where nobody tells."""
    try:
        told: bytes = fcntl.ioctl(sock, termios.TIOCOUTQ, bytes(4))
    except OSError:
        return 0
    return int.from_bytes(told, sys.byteorder)
