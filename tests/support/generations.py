"""A generation of servers as a supervisor starts it: with a gate, a report pipe and a socket."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from knowctl.supervisor.processes import Children
from tests.support.processes import STOP_SECONDS, Response, clean_environment

SECONDS: Final = 60.0
"""How long a busy machine may take for anything that is waited for here."""


def eventually(true: Callable[[], object], what: str, seconds: float = SECONDS) -> None:
    """Wait until it is true; AssertionError when it never is."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.02)


class Client:
    """One kept-alive connection, in public or in private."""

    def __init__(self, place: int | Path) -> None:
        family = socket.AF_UNIX if isinstance(place, Path) else socket.AF_INET
        self.socket = socket.socket(family)
        self.socket.settimeout(SECONDS)
        try:
            self.socket.connect(str(place) if isinstance(place, Path) else ("127.0.0.1", place))
        except OSError:
            self.socket.close()
            raise

    def close(self) -> None:
        """Close it."""
        self.socket.close()

    def send(self, path: str = "/health", **headers: str) -> None:
        """Write a request."""
        lines = [f"GET {path} HTTP/1.1", "Host: test", *(f"{k}: {v}" for k, v in headers.items())]
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode())

    def receive(self) -> Response:
        """Read an answer; the connection stays open whatever it says."""
        answer = http.client.HTTPResponse(self.socket)
        answer.begin()
        text = answer.read()
        return Response(answer.status, answer.headers, json.loads(text) if text else None)

    def ask(self, path: str = "/health", **headers: str) -> Response:
        """Write a request and read its answer."""
        self.send(path, **headers)
        return self.receive()

    def hears_nothing(self, seconds: float) -> bool:
        """Whether there is neither an answer nor an end for so long."""
        self.socket.settimeout(seconds)
        try:
            self.socket.recv(1, socket.MSG_PEEK)
        except TimeoutError:
            return True
        finally:
            self.socket.settimeout(SECONDS)
        return False

    def end(self) -> bytes:
        """What comes until the server closes; ConnectionResetError where it does so rudely."""
        return b"".join(iter(lambda: self.socket.recv(4096), b""))


@dataclass
class Born:
    """A generation that was started, and what it has said."""

    children: Children
    pid: int
    port: int
    directory: Path
    log: Path
    _gate: int
    _report: int
    _said: bytes = b""
    _clients: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    def events(self, name: str) -> list[dict[str, Any]]:
        """What it reported so far of one kind."""
        with contextlib.suppress(BlockingIOError):
            while chunk := os.read(self._report, 65536):
                self._said += chunk
        events = [json.loads(line) for line in self._said.splitlines()]
        return [event for event in events if event["event"] == name]

    def workers(self, count: int) -> list[int]:
        """The pids of its workers, as soon as there are so many."""
        eventually(lambda: len(self.events("worker")) >= count or self.has_ended(), "workers")
        assert not self.has_ended(), self.said()
        return [event["pid"] for event in self.events("worker")]

    def private(self, pid: int) -> Client:
        """A connection to one worker."""
        return self._own(Client(self.directory / f"w-{pid}.sock"))

    def client(self) -> Client:
        """A connection to the public socket."""
        return self._own(Client(self.port))

    def open(self) -> None:
        """Open the gate."""
        os.write(self._gate, b".")

    def abandon(self) -> None:
        """Close the gate's other end, as a supervisor's death does."""
        os.close(self._gate)
        self._gate = -1

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to its first process."""
        self.children.signal(self.pid, number)

    def has_ended(self) -> bool:
        """Whether its first process is gone."""
        self.children.reap()
        return self.children.exit_code(self.pid) is not None

    def exit_code(self) -> int:
        """How its first process ended, as soon as it has."""
        eventually(self.has_ended, "the end", STOP_SECONDS + SECONDS)
        code = self.children.exit_code(self.pid)
        assert code is not None
        return code

    def said(self) -> str:
        """Everything on stdout and stderr so far."""
        return self.log.read_text(errors="replace")

    def close(self) -> None:
        """End whatever is left of it."""
        self._clients.close()
        self.children.signal_group(self.pid, signal.SIGKILL)
        eventually(self.has_ended, "the end")
        for each in (self._gate, self._report):
            if each >= 0:
                os.close(each)

    def _own(self, client: Client) -> Client:
        return self._clients.enter_context(contextlib.closing(client))


@contextlib.contextmanager
def born(
    server: str,
    cwd: Path,
    environ: Mapping[str, str] | None = None,
    *,
    supervisor: int = 0,
    name: str = "gen-1",
) -> Iterator[Born]:
    """A generation behind a closed gate; `supervisor` is who started it, by default this one."""
    run = Path(tempfile.mkdtemp(prefix="ka-run-"))  # a short path: those of sockets are limited
    directory = run / name
    directory.mkdir()
    gate_reader, gate = os.pipe()
    report, report_writer = os.pipe()
    os.set_blocking(report, False)
    facts = {"number": 1, "directory": str(directory), "gate": 4, "report": 5}
    given = clean_environment(KNOWCTL_GENERATION=json.dumps(facts), **(environ or {}))
    log = cwd / f"{server}.log"
    shell = ["/bin/sh", "-c", 'cd "$0" && exec "$@" >"$LOG" 2>&1', str(cwd)]
    launcher = [sys.executable, "-P", "-m", "knowctl.supervisor.launcher", server]
    children = Children()
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        descriptors = [listener.fileno(), gate_reader, report_writer]
        command = [*shell, *launcher, str(supervisor or os.getpid())]
        pid = children.spawn(command, {**given, "LOG": str(log)}, descriptors)
        os.close(gate_reader)
        os.close(report_writer)
        made = Born(children, pid, listener.getsockname()[1], directory, log, gate, report)
        try:
            yield made
        finally:
            made.close()
            shutil.rmtree(run)
