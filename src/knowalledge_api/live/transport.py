"""How a process is reached on its own machine: a Unix socket, or the loopback with a token."""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

BACKLOG: Final = 64
LOOPBACK: Final = "127.0.0.1"
HIGHEST_PORT: Final = 65535
NOTE: Final = ".json"
"""The ending of a file that says where on the loopback somebody listens, and with which token."""


class Listener(NamedTuple):
    """A socket that is listened on. `path` is its own, or the note's; `token` belongs to a note."""

    socket: socket.socket
    path: Path
    token: str = ""

    def admits(self, question: Mapping[str, Any]) -> bool:
        """Whether whoever asks was able to read the note; a Unix socket's mode says it already."""
        import hmac  # noqa: PLC0415 -- it brings OpenSSL, of which who connects has no need: 4 MB

        given = question.get("token", "")
        return isinstance(given, str) and hmac.compare_digest(
            given.encode("utf-8", "surrogatepass"), self.token.encode()
        )

    def close(self) -> None:
        """Stop listening, and leave no trace in the directory."""
        self.path.unlink(missing_ok=True)
        self.socket.close()


def listen_on_unix_socket(path: Path) -> Listener:
    """Listen at a path that only its owner may use; what a dead process left there goes."""
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    try:
        listener.bind(str(path))
        path.chmod(0o600)  # before anyone can connect
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return Listener(listener, path)


def listen_on_loopback(path: Path) -> Listener:
    """Listen on a free port of the loopback; the note beside `path` says which, to its owner."""
    note = path.with_suffix(NOTE)
    listener = socket.create_server((LOOPBACK, 0), backlog=BACKLOG)
    token = os.urandom(32).hex()
    try:
        _write_privately(note, json.dumps({"port": listener.getsockname()[1], "token": token}))
    except OSError:
        listener.close()
        raise
    return Listener(listener, note, token)


def way_of(platform: str) -> Callable[[Path], Listener]:
    """How processes listen on a platform."""
    return listen_on_loopback if platform == "win32" else listen_on_unix_socket


def listen(path: Path) -> Listener:
    """Listen in this platform's way; OSError where that can't be done."""
    return way_of(sys.platform)(path)


def connect(path: Path, seconds: float | None) -> tuple[socket.socket, dict[str, str]]:
    """A connection to who listens at a path, or by a note, and what each question needs beside it.

    `path` is what `listen` was given, or the listener's own. OSError where nobody listens,
    ValueError where the note can't be read.
    """
    if path.suffix == NOTE or way_of(sys.platform) is listen_on_loopback:
        port, token = _noted(path.with_suffix(NOTE))
        return socket.create_connection((LOOPBACK, port), seconds), {"token": token}
    plug = socket.socket(socket.AF_UNIX)
    plug.settimeout(seconds)
    try:
        plug.connect(str(path))
    except OSError:
        plug.close()
        raise
    return plug, {}


def _noted(note: Path) -> tuple[int, str]:
    """Port and token that a note tells; ValueError where it does not."""
    told = json.loads(note.read_text("utf-8"))
    try:
        port, token = int(told["port"]), str(told["token"])
    except (KeyError, TypeError) as error:
        raise ValueError(f"{note} lacks a port or a token") from error
    if not 0 < port <= HIGHEST_PORT:
        raise ValueError(f"{note} names no port")
    return port, token


def _write_privately(path: Path, text: str) -> None:
    """Write a file that appears whole, and that only its owner can read."""
    draft = path.with_suffix(".draft")
    with suppress(FileNotFoundError):
        draft.unlink()
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 -- a descriptor
        file.write(text)
    draft.replace(path)
