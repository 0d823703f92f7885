"""A server that is none: a supervisor's channel and workers', answered by threads."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Answering = Callable[[dict[str, Any]], Iterable[object]]
"""What is said to a question: documents, bytes as they are, or seconds of silence."""


@dataclass
class FakeServer:
    """Listens in a run directory until it is closed; `asked` are the questions so far."""

    directory: Path
    asked: list[dict[str, Any]] = field(default_factory=list)
    _listeners: dict[Path, socket.socket] = field(default_factory=dict)
    _threads: list[threading.Thread] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)

    def supervise(self, answering: Answering, **record: object) -> None:
        """Listen on the control channel, and leave a record of the supervisor."""
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        facts = {**RECORD, "instance": self.directory.name, **record}
        (self.directory / "supervisor.json").write_text(json.dumps(facts))
        self._listen(self.directory / "control.sock", answering)

    def work(self, pid: int, answering: Answering, generation: int = 3) -> None:
        """Listen on the channel of a worker."""
        directory = self.directory / f"gen-{generation}"
        directory.mkdir(mode=0o700, exist_ok=True)
        self._listen(directory / f"live-{pid}.sock", answering)

    def hang_up(self, name: str = "control.sock") -> None:
        """Stop listening there, and remove the socket."""
        path = self.directory / name
        path.unlink()
        _close(self._listeners.pop(path))

    def close(self) -> None:
        """Stop listening everywhere, and end every silence."""
        self._over.set()
        for listener in self._listeners.values():
            _close(listener)
        for thread in self._threads:
            thread.join(10)

    def _listen(self, path: Path, answering: Answering) -> None:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        listener.listen(8)
        self._listeners[path] = listener
        self._start(self._accept, listener, answering)

    def _start(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket, answering: Answering) -> None:
        with contextlib.suppress(OSError):
            while True:
                self._start(self._answer, listener.accept()[0], answering)

    def _answer(self, connection: socket.socket, answering: Answering) -> None:
        with connection, contextlib.suppress(OSError):
            line = connection.makefile("rb").readline()
            if not line:
                return  # somebody looked whether anybody listens
            question = json.loads(line)
            self.asked.append(question)
            for part in answering(question):
                self._say(connection, part)

    def _say(self, connection: socket.socket, part: object) -> None:
        if isinstance(part, float):
            self._over.wait(part)
            return
        said = part if isinstance(part, bytes) else f"{json.dumps(part)}\n".encode()
        connection.sendall(said)


def _close(listener: socket.socket) -> None:
    with contextlib.suppress(OSError):
        listener.shutdown(socket.SHUT_RDWR)
    listener.close()


@contextlib.contextmanager
def fake_server(directory: Path) -> Iterator[FakeServer]:
    """A run directory in which nobody listens yet."""
    server = FakeServer(directory)
    try:
        yield server
    finally:
        server.close()


RECORD: dict[str, Any] = {
    "pid": os.getpid(),
    "since": 1_700_000_000.0,
    "server": "gunicorn",
    "instance": "5000",
    "url": "http://127.0.0.1:5000",
}


def supervision(**changed: object) -> dict[str, Any]:
    """What a supervisor of workers 4301 and 4302 says."""
    generation = {
        "number": 3,
        "pid": 4300,
        "state": "serving",
        "since": 1_700_000_000.0,
        "workers": [4301, 4302],
    }
    return {
        "ok": True,
        "supervisor": RECORD,
        "generation": 3,
        "draining": False,
        "doing": "",
        "workers_wanted": 2,
        "generations": [generation],
        "restarts": 0,
        "recycled": 1,
        "reloads": 2,
        **changed,
    }


def state(pid: int, /, **changed: object) -> dict[str, Any]:
    """What a worker says that serves one request, which holds a connection."""
    return {
        "pid": pid,
        "generation": 3,
        "server": "gunicorn",
        "started": 1_700_000_000.0,
        "age_s": 754.2,
        "state": "serving",
        "threads": {"busy": 1, "total": 24},
        "in_flight": 1,
        "requests": 1234,
        "p50_ms": 4.21,
        "p99_ms": 85.3,
        "stuck": 0,
        "rss_bytes": 98 << 20,
        "pool": pool(),
        "cache": {"mode": "memory", "hits": 9, "misses": 1, "size": 1},
        "inflight": [request("0a1b2c3d4e5f60718293a4b5c6d7e8f9", 4321.5)],
        **changed,
    }


def pool(**changed: object) -> dict[str, Any]:
    """A pool of which one connection is used."""
    holder = {
        "route": "/api/quiz",
        "request_id": "0a1b2c3d4e5f60718293a4b5c6d7e8f9",
        "since_ms": 3210.0,
        "thread": "worker-7",
    }
    return {
        "size": 10,
        "open": 3,
        "in_use": 1,
        "idle": 2,
        "overflow": 0,
        "waiting": 0,
        "oldest_wait_ms": 0.0,
        "checkouts": 100,
        "timeouts": 0,
        "mean_wait_ms": 0.12,
        "worst_wait_ms": 12.0,
        "holders": [holder],
        **changed,
    }


def request(ident: str, age_ms: float, **changed: object) -> dict[str, Any]:
    """A request in flight."""
    return {
        "id": ident,
        "method": "POST",
        "route": "/api/quiz",
        "user": None,
        "address": "203.0.113.9",
        "age_ms": age_ms,
        "thread": "worker-7",
        "connection_held_ms": 3210.0,
        **changed,
    }


def stacks(pid: int) -> dict[str, Any]:
    """Threads of a worker: one that serves, two of the pool that wait, and the main one."""
    site = "/srv/app/.venv/lib/python3.13/site-packages"
    waits = [
        frame("/usr/lib/python3.13/threading.py", 1043, "Thread._bootstrap"),
        frame("/usr/lib/python3.13/concurrent/futures/thread.py", 90, "_worker"),
    ]
    serves = [
        *waits,
        frame(f"{site}/flask/app.py", 902, "Flask.dispatch_request"),
        frame("/srv/app/src/knowalledge_api/routes/content.py", 61, "quiz"),
    ]
    brief = {"id": "0a1b2c3d", "method": "POST", "route": "/api/quiz", "age_ms": 4321.5}
    threads = [
        thread("MainThread", None, [frame(f"{site}/gunicorn/workers/gthread.py", 212, "run")]),
        thread("worker-7", brief, serves),
        thread("worker-8", None, waits),
        thread("worker-9", None, waits),
    ]
    return {"pid": pid, "generation": 3, "threads": threads}


def thread(
    name: str, serves: Mapping[str, Any] | None, frames: list[dict[str, Any]]
) -> dict[str, Any]:
    """One thread."""
    return {"name": name, "ident": 140 + len(name), "request": serves, "frames": frames}


def frame(file: str, line: int, function: str) -> dict[str, Any]:
    """A place in the code."""
    return {"file": file, "line": line, "function": function}


def always(*said: object) -> Answering:
    """The same answer to every question."""
    return lambda _question: said


def worker(pid: int, **changed: object) -> Answering:
    """A worker that answers both questions."""

    def answer(question: dict[str, Any]) -> Iterable[object]:
        return [stacks(pid) if question["ask"] == "stacks" else state(pid, **changed)]

    return answer
