"""Bytes to a server, and what it answers, without a client that would mend either."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.support.processes import HOST

PATIENCE = 60.0
"""Seconds for an answer on a machine that is busy with others."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The first answer on a connection; names of headers are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def problem(self) -> dict[str, Any]:
        """The problem document that it has to be."""
        assert self.headers["content-type"] == "application/problem+json", self
        problem: dict[str, Any] = json.loads(self.body)
        assert problem["status"] == self.status
        assert problem["request_id"] == self.headers["x-request-id"]
        assert problem["detail"] == problem["error"] == problem["message"]
        assert self.headers["x-content-type-options"] == "nosniff"
        return problem


def request(
    method: str, path: str, *headers: str, body: bytes = b"", host: str = "127.0.0.1"
) -> bytes:
    """A request that ends its connection."""
    length = (f"Content-Length: {len(body)}",) if body else ()
    named = (f"Host: {host}",) if host else ()
    lines = (f"{method} {path} HTTP/1.1", *named, "Connection: close", *length, *headers)
    return "\r\n".join((*lines, "", "")).encode("latin-1") + body


def exchanged(port: int, *pieces: bytes, tls: bool = False) -> Answer:
    """Send these pieces on a connection of their own; what comes back until it ends."""
    with connected(port, tls=tls) as link:
        for piece in pieces:
            link.sendall(piece)
        return read(link)


def read(link: socket.socket) -> Answer:
    """The answer on a connection that the server ends with it."""
    received = b""
    with contextlib.suppress(ConnectionResetError):
        while chunk := link.recv(65536):
            received += chunk
    while received.startswith(b"HTTP/1.1 100 "):
        received = received.partition(b"\r\n\r\n")[2]
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (each.partition(": ") for each in lines)}
    return Answer(int(first.split()[1]), headers, body)


@contextmanager
def connected(port: int, *, tls: bool = False, takes: int = 0) -> Iterator[socket.socket]:
    """A connection, with TLS to whoever answers where wanted.

    `takes` are the bytes that its system may take before anybody reads; 0 leaves that to it.
    """
    with socket.socket() as link:
        link.settimeout(PATIENCE)
        if takes:
            link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, takes)
        link.connect((HOST, port))
        if not tls:
            yield link
            return
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        with context.wrap_socket(link) as wrapped:
            yield wrapped
