"""A connection of gunicorn's that is read without waiting, until a whole request is there."""

from __future__ import annotations

import ssl
import time
from collections import deque
from typing import Any, Final

from gunicorn.http import get_parser
from gunicorn.http.unreader import SocketUnreader
from gunicorn.sock import ssl_wrap_socket
from gunicorn.workers.gthread import TConn

from knowalledge_api.arrivals import Arrival, Bounds, Patience, Stage
from knowalledge_api.gunicorn_outgoing import Outgoing

PIECE: Final = 65536
"""Bytes received at once."""
SMALLEST: Final = 8192
"""Bytes that gunicorn's parser is given at once where it does not ask for more."""
CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
_NOT_YET: Final = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Held(SocketUnreader):
    """What gunicorn's parser reads from: the pieces that have arrived, in order."""

    def __init__(self, sock: Any) -> None:
        super().__init__(sock)
        self.pieces: deque[bytes] = deque()

    def chunk(self, size_hint: int | None = None) -> bytes:
        """The next piece, at most as long as is asked for; empty at the end.

        A piece that is longer is left there: the parser copies what it has too much.
        """
        if not self.pieces:
            return b""
        size = max(SMALLEST, size_hint or 0)
        piece = self.pieces.popleft()
        if len(piece) > size:
            self.pieces.appendleft(piece[size:])
        return piece[:size]

    def rest(self) -> bytes:
        """What was received beyond the request; nothing is left of it here."""
        taken = [self.take_buffered(), *self.pieces]
        self.pieces.clear()
        return b"".join(taken)


class Room:
    """The bytes of requests that have no answer yet, of all connections of a worker together."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.held = 0

    def charge(self, conn: Connection, size: int) -> None:
        """A connection holds so many bytes more."""
        conn.held += size
        self.held += size

    def release(self, conn: Connection) -> None:
        """It holds none any more."""
        self.held -= conn.held
        conn.held = 0


class Connection(TConn):
    """A connection and the request that comes in on it.

    `timeout` is when it is over, by time.monotonic().
    `place` is the queue in which it waits for its client, `held` its share of the room.
    `out` is how its answer leaves. Its socket never waits, in no thread.
    """

    sock: Any
    parser: Any

    def __init__(self, config: Any, sock: Any, client: Any, server: Any, bounds: Bounds) -> None:
        super().__init__(config, sock, client, server)
        self.arrival = Arrival(bounds)
        self.bounds = bounds
        self.shaken = True
        self.patience = Patience()
        self.place: deque[Any] | None = None
        self.held = 0
        self.rest = 0
        self.out = Outgoing(sock)

    @property
    def address(self) -> str:
        """Of the client, empty on a Unix socket."""
        return str(self.client[0]) if isinstance(self.client, tuple) else ""

    def wrap(self) -> None:
        """Begin TLS; OSError where the client is gone."""
        self.sock = ssl_wrap_socket(self.sock, self.cfg)
        self.out = Outgoing(self.sock)
        self.shaken = False

    def receive(self) -> bytes | None:
        """What has come; None where nothing has, empty at the end."""
        try:
            if not self.shaken:
                self.sock.do_handshake()
                self.shaken = True
            data: bytes = self.sock.recv(PIECE)
            while isinstance(self.sock, ssl.SSLSocket) and data and self.sock.pending():
                data += self.sock.recv(PIECE)  # the poller sees nothing of it
        except _NOT_YET:
            return None
        except OSError:
            return b""
        return data

    def add(self, data: bytes) -> Stage | int:
        """Take what was received; how far the request has come, or the status to refuse it with."""
        stage = self.arrival.add(data)
        if stage is not Stage.WHOLE:
            self.patience.hear(len(data), time.monotonic(), has_head=self.arrival.has_head)
            self.timeout = self.patience.end
        return stage

    def hand_over(self) -> None:
        """Let the parser have the request, which is whole."""
        if self.parser is None:
            self.parser = get_parser(self.cfg, self.sock, self._peer())
            self.parser.unreader = Held(self.sock)
        self.parser.unreader.pieces = self.arrival.pieces

    def _peer(self) -> Any:
        """Whom the parser takes for the client, only to know whether to believe what he says.

        It would read the address anew for each request; None it believes, where nothing is
        configured that could be believed.
        """
        config = self.cfg
        believed = config.forwarder_headers or config.secure_scheme_headers
        return self.client if believed or config.proxy_protocol != "off" else None

    def renew(self) -> bytes:
        """Make ready for the next request; what has been received of it already."""
        self.arrival = Arrival(self.bounds)
        self.patience = Patience()
        self.out = Outgoing(self.sock)
        return self.parser.unreader.rest() if self.parser else b""
