"""Clients that keep their connections, never retry, and record every request and their own lag."""

from __future__ import annotations

import contextlib
import heapq
import random
import selectors
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from tests.support.lag import Lag, watched

PATIENCE: Final = 30.0
"""Seconds after which a request without an answer has failed."""
LOOK: Final = 0.05
CHUNK: Final = 65536


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: by whom, when it began, how long it took and what came; status 0 is a failure.

    `fresh` is the first one on its connection. `closes`: the server announced the end of it.
    """

    client: int
    path: str
    began: float
    took: float
    status: int
    body: bytes = b""
    problem: str = ""
    fresh: bool = False
    closes: bool = False

    @property
    def ended(self) -> float:
        """When the answer was there, or the failure."""
        return self.began + self.took


@dataclass(slots=True)
class Client:
    """One client and its connection, if it has one now."""

    number: int
    path: str
    link: socket.socket | None = None
    shaken: bool = True
    fresh: bool = False
    began: float = 0.0
    received: bytes = b""


@dataclass
class Crowd:
    """All clients of a run, in one thread; `asked` grows while they ask.

    Each asks, reads the whole answer, pauses for between the two times of `pause` (seconds), and
    asks again on the same connection. It makes a new one only at the very start, where the server
    said `Connection: close`, or after a failure.
    """

    port: int
    clients: int
    paths: Sequence[str]
    pause: tuple[float, float]
    lag: Lag
    tls: ssl.SSLContext | None = None
    asked: list[Asked] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)
    _due: list[tuple[float, int]] = field(default_factory=list)
    _waiting: dict[int, Client] = field(default_factory=dict)
    _chance: random.Random = field(default_factory=lambda: random.Random(7))  # noqa: S311 -- pauses

    def end(self) -> None:
        """Begin no more requests; those under way are still answered."""
        self._over.set()

    def failures(self, since: float = 0.0) -> list[Asked]:
        """What was not answered, or not with 200."""
        return [each for each in tuple(self.asked) if each.status != 200 and each.began >= since]

    def between(self, began: float, ended: float = float("inf")) -> list[Asked]:
        """What began in a window."""
        return [each for each in tuple(self.asked) if began <= each.began < ended]

    def lag_of(self, asked: Asked) -> float:
        """The longest time for which the machine held this client up meanwhile, in seconds."""
        return self.lag.worst(asked.began, asked.ended)

    def run(self) -> None:
        """Ask until the end."""
        crowd = [Client(each, self.paths[each % len(self.paths)]) for each in range(self.clients)]
        now = time.monotonic()
        self._due = [(now + self._chance.uniform(0, self.pause[1]), each.number) for each in crowd]
        heapq.heapify(self._due)
        with selectors.DefaultSelector() as selector:
            while self._waiting or not self._over.is_set():
                self._begin_those_due(crowd, selector)
                for key, _ in selector.select(self._rest()):
                    self._read(key.data, selector)
                self._give_up(selector)
            for client in crowd:
                _hang_up(client)

    def _rest(self) -> float:
        if self._over.is_set() or not self._due:
            return LOOK
        return min(LOOK, max(0.0, self._due[0][0] - time.monotonic()))

    def _begin_those_due(self, crowd: list[Client], selector: selectors.BaseSelector) -> None:
        while not self._over.is_set() and self._due and self._due[0][0] <= time.monotonic():
            client = crowd[heapq.heappop(self._due)[1]]
            client.began, client.received, client.fresh = time.monotonic(), b"", client.link is None
            self._waiting[client.number] = client
            try:
                link = client.link or self._connect(client)
                if client.shaken:
                    link.send(_request(client.path))
                selector.register(link, selectors.EVENT_READ, client)
                if not client.shaken:
                    self._read(client, selector)
            except OSError as error:
                self._failed(client, selector, repr(error))

    def _connect(self, client: Client) -> socket.socket:
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        plain.setblocking(False)  # noqa: FBT003 -- the standard library's own signature
        client.shaken = self.tls is None
        client.link = (
            plain
            if self.tls is None
            else self.tls.wrap_socket(
                plain, server_hostname="127.0.0.1", do_handshake_on_connect=False
            )
        )
        return client.link

    def _read(self, client: Client, selector: selectors.BaseSelector) -> None:
        assert client.link is not None
        try:
            if isinstance(client.link, ssl.SSLSocket) and not client.shaken:
                client.link.do_handshake()
                client.shaken = True
                client.link.send(_request(client.path))
            while client.number in self._waiting:
                chunk = client.link.recv(CHUNK)
                client.received += chunk
                if not chunk:
                    told = f"closed by the server after {len(client.received)} bytes"
                    self._failed(client, selector, told)
                elif answer := parsed(client.received):
                    self._answered(client, selector, answer)
        except (BlockingIOError, ssl.SSLWantReadError):
            return
        except OSError as error:
            self._failed(client, selector, repr(error))

    def _answered(self, client: Client, selector: selectors.BaseSelector, answer: Answer) -> None:
        assert client.link is not None
        selector.unregister(client.link)
        if answer.closes:
            _hang_up(client)
        self._keep(client, answer.status, body=answer.body, closes=answer.closes)

    def _failed(self, client: Client, selector: selectors.BaseSelector, problem: str) -> None:
        if client.link is not None:
            with contextlib.suppress(KeyError):
                selector.unregister(client.link)
            _hang_up(client)
        self._keep(client, 0, problem=problem)

    def _keep(
        self,
        client: Client,
        status: int,
        *,
        body: bytes = b"",
        problem: str = "",
        closes: bool = False,
    ) -> None:
        now = time.monotonic()
        del self._waiting[client.number]
        took = now - client.began
        fresh = client.fresh
        self.asked.append(
            Asked(
                client.number, client.path, client.began, took, status, body, problem, fresh, closes
            )
        )
        heapq.heappush(self._due, (now + self._chance.uniform(*self.pause), client.number))

    def _give_up(self, selector: selectors.BaseSelector) -> None:
        late = time.monotonic() - PATIENCE
        for client in [each for each in self._waiting.values() if each.began < late]:
            self._failed(client, selector, f"no answer within {PATIENCE:g} s")


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole response."""

    status: int
    body: bytes
    closes: bool


def parsed(received: bytes) -> Answer | None:
    """The response in what has been received; None where it is not whole yet."""
    head, gap, body = received.partition(b"\r\n\r\n")
    if not gap:
        return None
    first, *lines = head.lower().split(b"\r\n")
    headers = {name: value.strip() for name, _, value in (line.partition(b":") for line in lines)}
    if len(body) < int(headers[b"content-length"]):
        return None
    return Answer(int(first.split()[1]), body, headers.get(b"connection") == b"close")


def _request(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()


def _hang_up(client: Client) -> None:
    if client.link is not None:
        client.link.close()
        client.link = None


@contextmanager
def crowded(
    port: int,
    clients: int,
    *paths: str,
    pause: tuple[float, float] = (0.0, 0.1),
    tls: ssl.SSLContext | None = None,
) -> Iterator[Crowd]:
    """So many clients while the block runs; at its end each request under way is awaited."""
    with watched() as lag:
        crowd = Crowd(port, clients, paths or ("/testing/version",), pause, lag, tls)
        thread = threading.Thread(target=crowd.run, daemon=True)
        thread.start()
        try:
            yield crowd
        finally:
            crowd.end()
            thread.join(PATIENCE + 5)
        assert not thread.is_alive(), "the clients have died or hang"
