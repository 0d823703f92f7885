"""Real processes under test: run to the end, or served, asked and stopped without a trace."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import Any

KEPT = ("PATH", "HOME", "LANG", "SYSTEMROOT")
PIP = tuple(name for name in os.environ if name.startswith(("PIP_", "SSL_CERT", "HTTPS_PROXY")))
"""How this machine reaches its package index."""
HOST = "127.0.0.1"
START_SECONDS = 60.0
STOP_SECONDS = 30.0
UNLIMITED = {"RATE_LIMIT_ENABLED": "false"}
"""A server under test serves all that one client asks, unless the test is about limits."""


def clean_environment(**extra: str) -> dict[str, str]:
    """What a fresh shell holds, and nothing of ours: the tests decide every setting."""
    return {**{name: os.environ[name] for name in KEPT if name in os.environ}, **extra}


def measured() -> dict[str, str]:
    """What has a process measured where this one is: it costs a process a quarter of a second."""
    name = "COVERAGE_PROCESS_CONFIG"
    return {name: os.environ[name]} if name in os.environ else {}


def knowctl(
    *arguments: str, cwd: Path, environ: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run knowctl to its end."""
    return subprocess.run(
        [sys.executable, "-m", "knowctl", *arguments],
        cwd=cwd,
        env=clean_environment(**(environ or {})),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def checkout_copy(target: Path) -> Path:
    """The files of the repository as a fresh clone has them, uncommitted changes included."""
    root = Path(__file__).parents[2]
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listing, cwd=root, capture_output=True, text=True, check=True).stdout
    for name in filter(None, names.split("\0")):
        if (root / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, target / name)
    return target


def free_port() -> int:
    """A port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def unverified() -> ssl.SSLContext:
    """TLS with whoever answers: which certificate that is, a test looks at by itself."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@dataclass(frozen=True)
class Response:
    """What a server answered."""

    status: int
    headers: Message
    body: Any


@dataclass(frozen=True)
class Running:
    """A server that was started in a session of its own."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path
    tls: bool = False

    def request(self, method: str, path: str, body: object = None, **headers: str) -> Response:
        """One request on a connection of its own."""
        with contextlib.closing(self._connection()) as connection:
            content = None if body is None else json.dumps(body)
            sent = {"Content-Type": "application/json", **headers}
            connection.request(method, path, content, sent)
            answer = connection.getresponse()
            text = answer.read()
            return Response(answer.status, answer.headers, json.loads(text))

    def _connection(self) -> http.client.HTTPConnection:
        if self.tls:
            return http.client.HTTPSConnection(HOST, self.port, timeout=10, context=unverified())
        return http.client.HTTPConnection(HOST, self.port, timeout=10)

    def stop(self, number: signal.Signals, *, group: bool = False) -> int:
        """Send the signal, to the whole group as a terminal does where wanted; the exit code."""
        if group:
            os.killpg(self.process.pid, number)
        else:
            self.process.send_signal(number)
        return self.process.wait(STOP_SECONDS)

    def left_behind(self) -> list[int]:
        """Processes of the server's session that are still there."""
        return [pid for pid in _processes() if _session(pid) == self.process.pid]

    def named(self) -> dict[int, str]:
        """The command line of each of them."""
        found = {}
        for pid in self.left_behind():
            with contextlib.suppress(OSError):
                line = (Path("/proc") / str(pid) / "cmdline").read_text()
                found[pid] = line.replace("\0", " ").strip()
        return found

    def said(self) -> str:
        """Everything on stdout and stderr so far."""
        return self.log.read_text(errors="replace")


@contextlib.contextmanager
def serving(
    command: Sequence[str],
    *,
    cwd: Path,
    port: int,
    environ: Mapping[str, str] | None = None,
    seconds: float = START_SECONDS,
) -> Iterator[Running]:
    """A server that answers /health; whatever it leaves is ended with the block."""
    settings = {"PORT": str(port), **(environ or {})}
    with started(command, cwd=cwd, port=port, environ=settings) as running:
        _wait_until_it_answers(running, seconds)
        yield running


@contextlib.contextmanager
def started(  # noqa: PLR0913 -- what a process is given, each by name
    command: Sequence[str],
    *,
    cwd: Path,
    port: int,
    environ: Mapping[str, str],
    stdin: int = subprocess.DEVNULL,
    inherited: Sequence[int] = (),
) -> Iterator[Running]:
    """A process that nobody waits for; whatever it leaves is ended with the block."""
    log = cwd / f"server-{port}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=clean_environment(**{**UNLIMITED, **environ}),
            stdin=stdin,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=inherited,
        )
    running = Running(process, port, log, tls="SSL_CERTFILE" in environ)
    try:
        yield running
    finally:
        for pid in running.left_behind():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait(STOP_SECONDS)


def _wait_until_it_answers(running: Running, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if running.process.poll() is not None:
            break
        with contextlib.suppress(OSError, http.client.HTTPException):
            running.request("GET", "/health")
            return
        time.sleep(0.05)
    raise AssertionError(f"no server came up:\n{running.said()}")


def _processes() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _session(pid: int) -> int:
    """The session of a process that still runs, 0 where it has ended."""
    try:
        stat = (Path("/proc") / str(pid) / "stat").read_text()
    except OSError:
        return 0
    state, _, _, session = stat.rpartition(")")[2].split()[:4]
    return 0 if state == "Z" else int(session)
