"""One question over HTTP/1.1: written, and its answer read within bounds of time and of size."""

from __future__ import annotations

import io
import re
import socket
from collections.abc import Mapping
from time import monotonic
from typing import Final, NamedTuple

LARGEST_ANSWER: Final = 1 << 20
LONGEST_LINE: Final = 1 << 16
MOST_LINES: Final = 100
"""Header lines, trailers and answers before the answer, each; as Python's http.client has them."""
CONTINUES: Final = range(100, 200)
BODILESS: Final = (204, 304)
_STATUS: Final = re.compile(rb"HTTP/1\.[0-9] ([1-9][0-9]{2})(?: .*)?\r?\n", re.DOTALL)
_SIZE: Final = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?\r?\n", re.DOTALL)
_LENGTH: Final = re.compile(r"[0-9]{1,15}")


class NoHTTPError(ConnectionError):
    """What came is no answer in HTTP; the text says why."""


class Answered(NamedTuple):
    """A status, and as much of the body as is taken."""

    status: int
    body: bytes


class Incoming(io.RawIOBase):
    """What comes through a socket until a moment of the monotonic clock, then TimeoutError."""

    def __init__(self, plug: socket.socket, end: float) -> None:
        self._plug = plug
        self._end = end

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # a buffer of ours
        """Wait for bytes, as long as there is time."""
        until(self._plug, self._end)
        return self._plug.recv_into(buffer)


def until(plug: socket.socket, end: float) -> None:
    """Give a socket's next act the time that is left; TimeoutError where none is."""
    left = end - monotonic()
    if left <= 0:
        raise TimeoutError
    plug.settimeout(left)


def ask(plug: socket.socket, path: str, headers: Mapping[str, str], end: float) -> Answered:
    """GET a path; OSError when no HTTP answer comes before `end`."""
    lines = (f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()))
    until(plug, end)
    plug.sendall("\r\n".join((*lines, "Connection: close", "", "")).encode("ascii"))
    return answer(io.BufferedReader(Incoming(plug, end)))


def answer(stream: io.BufferedIOBase) -> Answered:
    """The answer in a stream; of a body that breaks off, what came."""
    for _ in range(MOST_LINES):
        status, headers = _status(stream), _headers(stream)
        if status not in CONTINUES:
            return Answered(status, b"" if status in BODILESS else _body(stream, headers))
    raise NoHTTPError("it never comes to its answer")


def _status(stream: io.BufferedIOBase) -> int:
    line = _line(stream, "status")
    if not line:
        raise NoHTTPError("it closed the connection without an answer")
    found = _STATUS.fullmatch(line)
    if found is None:
        raise NoHTTPError(f"it speaks no HTTP/1.1: {line[:40]!r}")
    return int(found[1])


def _headers(stream: io.BufferedIOBase) -> dict[str, str]:
    headers: dict[str, str] = {}
    for _ in range(MOST_LINES + 1):
        line = _line(stream, "header")
        if line in {b"\r\n", b"\n", b""}:
            return headers
        name, _, value = line.decode("latin-1").partition(":")
        headers.setdefault(name.strip().lower(), value.strip())
    raise NoHTTPError(f"it sends more than {MOST_LINES} header lines")


def _body(stream: io.BufferedIOBase, headers: Mapping[str, str]) -> bytes:
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return _chunks(stream)
    length = headers.get("content-length", "")
    most = int(length) if _LENGTH.fullmatch(length) else LARGEST_ANSWER
    return stream.read(min(most, LARGEST_ANSWER))


def _chunks(stream: io.BufferedIOBase) -> bytes:
    body = b""
    while len(body) < LARGEST_ANSWER:
        found = _SIZE.fullmatch(_line(stream, "chunk"))
        if found is None:
            raise NoHTTPError("its chunks have no size")
        size = int(found[1], 16)
        if not size:
            break
        body += stream.read(min(size, LARGEST_ANSWER - len(body)))
        _line(stream, "chunk")
    return body


def _line(stream: io.BufferedIOBase, what: str) -> bytes:
    line = stream.readline(LONGEST_LINE + 1)
    if len(line) > LONGEST_LINE:
        raise NoHTTPError(f"a {what} line of it is too long")
    return line
