"""gunicorn's threads worker without threads, sockets or a poller of the system."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from gunicorn.config import Config

from knowalledge_api.gunicorn_clients import PatientWorker
from knowalledge_api.gunicorn_connection import Connection


class Poller:
    """Who waits for what, and what it is waited for with."""

    def __init__(self) -> None:
        self.waiting: dict[Any, Callable[..., object]] = {}
        self.events: dict[Any, int] = {}

    def register(self, what: Any, events: int, callback: Callable[..., object]) -> None:
        if getattr(what, "closed", False):
            raise ValueError("Invalid file object")
        self.waiting[what] = callback
        self.events[what] = events

    def unregister(self, what: Any) -> None:
        del self.waiting[what]

    def close(self) -> None:
        self.waiting.clear()


class Plug:
    """A client's socket: what reading it gives, one after the other, and then nothing yet.

    `room` are the bytes that it still takes. An error in `fails` is what sending raises next.
    """

    def __init__(self, *reads: bytes | OSError) -> None:
        self.reads = list(reads)
        self.sent = b""
        self.room = sys.maxsize
        self.fails: list[OSError] = []
        self.closed = False
        self.shut = False

    def recv(self, _size: int, _flags: int = 0) -> bytes:
        given = self.reads.pop(0) if self.reads else BlockingIOError()
        if isinstance(given, OSError):
            raise given
        return given

    def send(self, data: bytes) -> int:
        if self.closed:
            raise OSError(32, "broken pipe")
        if self.fails:
            raise self.fails.pop(0)
        if not self.room:
            raise BlockingIOError
        taken = bytes(data[: self.room])
        self.room -= len(taken)
        self.sent += taken
        return len(taken)

    def fileno(self) -> int:
        raise OSError(9, "no descriptor")

    def setsockopt(self, *_: object) -> None: ...

    def setblocking(self, _wanted: bool) -> None: ...

    def settimeout(self, _seconds: float) -> None: ...

    def shutdown(self, _how: int) -> None:
        if self.closed:
            raise OSError(107, "not connected")
        self.shut = True

    def close(self) -> None:
        self.closed = True


@contextmanager
def worker_of(kind: Callable[..., Any]) -> Iterator[Any]:
    """A worker of this kind with two threads and one request in one of them."""
    config = Config()
    for name, value in {"threads": 2, "max_requests": 10, "keepalive": 3}.items():
        config.set(name, value)
    errors: list[str] = []
    log = SimpleNamespace(
        errors=errors,
        error=lambda text, **_: errors.append(text),
        warning=lambda text, *_: errors.append(text),
        debug=lambda *_: None,
        access=lambda *_: None,
        reopen_files=lambda: errors.append("reopened"),
    )
    worker = kind(1, os.getppid(), [], None, 30, config, log)
    worker.poller = Poller()
    worker.nr_conns = worker.running = 1
    yield worker
    worker.tmp.close()


def conn_of(worker: PatientWorker, plug: Plug) -> Connection:
    """A connection whose request is in a thread."""
    return Connection(worker.cfg, plug, ("192.0.2.1", 5123), ("192.0.2.2", 80), worker.bounds)


def pool(given: list[Any]) -> Any:
    """Threads that never come to what they are given."""
    return SimpleNamespace(give=lambda conn, _wanted: given.append(conn))
