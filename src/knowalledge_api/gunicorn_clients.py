"""What gunicorn's threads worker does for its clients: it waits for them without a thread."""

from __future__ import annotations

import errno
import selectors
import socket
import time
from collections import deque
from contextlib import suppress
from functools import partial
from operator import attrgetter
from typing import Any, Final

from knowalledge_api.arrivals import Bounds, Stage
from knowalledge_api.gunicorn_answers import answered
from knowalledge_api.gunicorn_connection import CONTINUE, Connection, Room
from knowalledge_api.gunicorn_leaving import Leaving
from knowalledge_api.gunicorn_outgoing import GoneError
from knowalledge_api.gunicorn_requests import AnsweringWorker
from knowalledge_api.gunicorn_threads import Served, Threads
from knowalledge_api.routes.early import Early

GONE_BEFORE_ACCEPT: Final = frozenset({errno.EAGAIN, errno.EWOULDBLOCK, errno.ECONNABORTED})
NO_ROOM: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
REST: Final = 0.5
"""Seconds for which nothing is accepted where there is no room for another connection."""
FIRST_BYTE: Final = 5.0
"""Seconds, beside the keep-alive time, that a connection may take to begin its first request."""
LINGER: Final = 2.0
"""Seconds for which a closed connection is read to its end, lest a reset overtake the answer."""
LARGEST_REST: Final = 1 << 16
LOOK: Final = 0.25
"""Seconds between two looks at the requests that are still coming in."""
LARGEST_HELD: Final = 64 << 20
"""Bytes of requests that have no answer yet, all together; beyond it the largest are refused."""
SMALL: Final = 1 << 16
"""Bytes of a request for which there is always room: a worker has a thousand connections."""
MAX_BODY: Final = 10 << 20


class Remembered:
    """A configuration of which each value is looked up once: a request asks gunicorn's for 20."""

    def __init__(self, config: Any) -> None:
        self._config = config

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._config, name)
        setattr(self, name, value)
        return value


class PatientWorker(AnsweringWorker):
    """A request gets a thread when its last byte is there, and has to arrive in time.

    Until then it waits on the poller of the main thread, as do silent clients, idle ones, those
    that do not take their answers, and those that do not close.
    """

    wsgi: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.cfg: Any = Remembered(self.cfg)
        self.threads: int = self.cfg.threads
        self.tls: bool = self.cfg.is_ssl
        self.running = 0
        self.lingering: deque[Any] = deque()
        self.arriving: deque[Connection] = deque()
        self.leaving = Leaving(self)
        self.room = Room(LARGEST_HELD)
        self.next_look = 0.0
        self.rests_until = 0.0
        self.bounds = Bounds(body=MAX_BODY)
        self.early = Early()

    def load_wsgi(self) -> None:
        """Load the application, which gives its own headers past gunicorn's judgement of each."""
        super().load_wsgi()
        self.wsgi = partial(answered, self.wsgi)

    def accept(self, listener: Any) -> None:
        """Take a connection, and hear whether its client has spoken."""
        try:
            client, address = listener.accept()
        except OSError as error:
            if error.errno in NO_ROOM:
                self.rest(error)
            elif error.errno not in GONE_BEFORE_ACCEPT:
                raise
            return
        self.nr_conns += 1
        conn = Connection(self.cfg, client, address, listener.getsockname(), self.bounds)
        conn.timeout = time.monotonic() + FIRST_BYTE + self.cfg.keepalive
        try:
            if self.tls:
                conn.wrap()
        except OSError:  # it is gone again
            self.drop(conn)
            return
        self.hear(conn)

    def rest(self, error: OSError) -> None:
        """Accept nothing for a while; gunicorn's own worker would end with all its requests."""
        now = time.monotonic()
        if now >= self.rests_until:
            self.rests_until = now + REST
            self.log.warning("No connection is accepted for %g s: %s", REST, error.strerror)

    def hear(self, conn: Connection, _sock: object = None) -> None:
        """Receive what has come on a connection, if anything has."""
        data = conn.receive()
        if data:
            self.take(conn, data)
        elif data is not None:
            self.leave(conn)
            self.drop(conn)
        elif conn.place is None:
            self.wait(conn, self.pending_conns)

    def take(self, conn: Connection, data: bytes) -> None:
        """Give a request a thread as soon as it is whole; until then it waits here."""
        stage = conn.add(data)
        if isinstance(stage, int):
            self.refuse(conn, stage)
            return
        self.room.charge(conn, len(data))
        if self.room.held > self.room.most and not self.make_room_for(conn):
            return
        if stage is Stage.WHOLE:
            self.leave(conn)
            conn.hand_over()
            self.enqueue_req(conn)
            return
        if stage is Stage.CONTINUE:
            with suppress(OSError):
                conn.sock.send(CONTINUE)
        if conn.place is not self.arriving:
            self.leave(conn)
            self.wait(conn, self.arriving)

    def make_room_for(self, conn: Connection) -> bool:
        """Refuse those that hold most of what is coming in; whether this one was spared."""
        while self.room.held > self.room.most:
            most = max((conn, *self.arriving), key=attrgetter("held"))
            if most.held <= SMALL:
                return True
            self.refuse(most, 503, retry_after=1)
            if most is conn:
                return False
        return True

    def wait(self, conn: Connection, place: deque[Any]) -> None:
        """Let a connection wait for its client."""
        conn.place = place
        place.append(conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self.hear, conn))

    def leave(self, conn: Connection) -> None:
        """Let a connection wait no longer, if it does."""
        if conn.place is not None:
            conn.place.remove(conn)
            conn.place = None
            self.poller.unregister(conn.sock)

    def refuse(self, conn: Connection, status: int, retry_after: int | None = None) -> None:
        """Answer a request that is not to be had, without a thread, and end its connection."""
        self.leave(conn)
        self.room.release(conn)
        conn.arrival.pieces.clear()
        now = time.monotonic()
        took = now - (conn.patience.since or now)
        try:
            conn.out.sendall(self.early.raw(status, conn.address, took, retry_after))
        except GoneError:
            self.drop(conn)
            return
        self.depart(conn, kept=False)

    def get_thread_pool(self) -> Threads:
        """Make the threads, none of which runs yet."""
        tell = partial(self.method_queue.defer, self.finish_request)
        return Threads(self.threads, self.handle, tell)

    def enqueue_req(self, conn: Any) -> None:
        """Give a connection to a thread."""
        self.running += 1
        self.tpool.give(conn, self.running)

    def finish_request(self, conn: Any, fs: Served) -> None:
        """Take a connection back whose thread is done with it."""
        self.running -= 1
        self.room.release(conn)
        if fs.error:
            self.log.error("A request ended its thread", exc_info=fs.error)
        self.depart(conn, kept=fs.kept)

    def depart(self, conn: Connection, *, kept: bool) -> None:
        """Go on with a connection that was answered, once its client has taken all of it."""
        try:
            if conn.out.kept:
                self.leaving.add(conn, kept=kept)
            elif kept:
                self.keep(conn)
            else:
                self.part(conn)
        except (OSError, ValueError):  # the connection is broken, or closed
            self.drop(conn)

    def keep(self, conn: Connection) -> None:
        """Wait for the next request of a connection, of which some may be there already."""
        ahead = conn.renew()
        if ahead:
            self.take(conn, ahead)
            return
        conn.set_timeout()
        self.wait(conn, self.keepalived_conns)

    def part(self, conn: Any) -> None:
        """Close a connection for writing, and for reading when its client has done the same.

        RFC 9112, 9.6. gunicorn waits for the client on the main thread, where nothing else
        happens meanwhile: up to 2 s for one that does not close (27.0.1, measured).
        """
        conn.sock.shutdown(socket.SHUT_WR)
        conn.timeout = time.monotonic() + LINGER
        conn.rest = 0
        readable = partial(self.read_rest, conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, readable)
        self.lingering.append(conn)

    def read_rest(self, conn: Any, client: socket.socket) -> None:
        """Read what an ended connection still sends, and close it at its end."""
        try:
            size = len(client.recv(LARGEST_REST))
        except BlockingIOError:
            return
        except OSError:
            size = 0
        conn.rest += size
        if not size or conn.rest > LARGEST_REST:
            self.lingering.remove(conn)
            self.poller.unregister(client)
            self.drop(conn)

    def drop(self, conn: Any) -> None:
        """Forget a connection."""
        self.nr_conns -= 1
        self.room.release(conn)
        conn.close()

    def end_overdue(self) -> None:
        """End the connections whose time is over."""
        self.murder_keepalived()
        self.murder_pending()
        now = time.monotonic()
        while self.lingering and self.lingering[0].timeout <= now:
            conn = self.lingering.popleft()
            self.poller.unregister(conn.sock)
            self.drop(conn)
        if now >= self.next_look:
            self.next_look = now + LOOK
            self.leaving.end_overdue(now)
            for conn in [each for each in self.arriving if each.timeout <= now]:
                self.refuse(conn, 408)

    def murder_keepalived(self, force: bool = False) -> None:
        """Close idle connections whose time is over, unless they have spoken meanwhile."""
        now = time.monotonic()
        while self.keepalived_conns and (force or self.keepalived_conns[0].timeout <= now):
            conn = self.keepalived_conns[0]
            data = None if force else conn.receive()
            if data:
                self.take(conn, data)
            else:
                self.leave(conn)
                self.drop(conn)
