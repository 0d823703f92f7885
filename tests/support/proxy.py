"""A TCP proxy that can be told to fail in the ways of networks; it runs in a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

CHUNK = 65536


class Proxy:
    """Forwards connections to a port of this host, until told otherwise."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1)
        self._listener.setblocking(False)  # noqa: FBT003 -- the standard library's own signature
        self.port = int(self._listener.getsockname()[1])
        self._gate = asyncio.Event()
        self._gate.set()
        self._delay = 0.0
        self._acceptor: asyncio.Task[None] | None = None
        self._links: set[asyncio.Task[None]] = set()

    def swallow(self, *, accept: bool) -> None:
        """Stop forwarding, old connections and new: new ones are accepted, or not even that."""

        async def change() -> None:
            self._gate.clear()
            if not accept and self._acceptor is not None:
                self._acceptor.cancel()
                self._acceptor = None

        self._do(change())

    def delay(self, seconds: float) -> None:
        """Hold all that passes for so long, in each direction."""
        self._delay = seconds

    def forget(self) -> None:
        """Swallow for ever what comes on the connections that there are; forward new ones."""

        async def change() -> None:
            self._gate.clear()
            self._gate = asyncio.Event()
            self._gate.set()

        self._do(change())

    def heal(self) -> None:
        """Forward again; what was swallowed arrives now."""

        async def change() -> None:
            self._delay = 0.0
            self._gate.set()
            if self._acceptor is None:
                self._acceptor = asyncio.ensure_future(self._accept())

        self._do(change())

    def start(self) -> None:
        """Begin to forward."""
        self._thread.start()
        self.heal()

    def close(self) -> None:
        """End the thread and all connections."""

        async def end() -> None:
            tasks = [*self._links, *([self._acceptor] if self._acceptor else [])]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        self._do(end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._listener.close()

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _accept(self) -> None:
        while True:
            client, _ = await self._loop.sock_accept(self._listener)
            link = asyncio.ensure_future(self._link(client))
            self._links.add(link)
            link.add_done_callback(self._links.discard)

    async def _link(self, client: socket.socket) -> None:
        gate = self._gate
        server = socket.socket()
        server.setblocking(False)  # noqa: FBT003 -- the standard library's own signature
        with client, server, contextlib.suppress(OSError):
            await gate.wait()
            await self._loop.sock_connect(server, ("127.0.0.1", self._target))
            ways = [
                asyncio.ensure_future(self._forward(*way, gate))
                for way in ((client, server), (server, client))
            ]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)

    async def _forward(
        self, source: socket.socket, sink: socket.socket, gate: asyncio.Event
    ) -> None:
        with contextlib.suppress(OSError):
            while chunk := await self._loop.sock_recv(source, CHUNK):
                if self._delay:
                    await asyncio.sleep(self._delay)
                await gate.wait()
                await self._loop.sock_sendall(sink, chunk)


@contextmanager
def proxied(target: int) -> Iterator[Proxy]:
    """A proxy before the port, ended with the block."""
    proxy = Proxy(target)
    proxy.start()
    try:
        yield proxy
    finally:
        proxy.close()
