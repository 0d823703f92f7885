"""Asks a running server over HTTP with the standard library alone, past any proxy."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from knowctl.errors import ErrorCode, ExitCode, KnowctlError
from knowctl.probes.settings import address_of

LARGEST_ANSWER = 1 << 20
LATE = "it did not answer in time"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said, and how long it took in milliseconds."""

    status: int
    body: dict[str, Any]
    latency_ms: float


@dataclass(frozen=True, slots=True)
class ServerProbe:
    """A server at a URL (http, https) or behind a Unix socket; `timeout` in seconds.

    `ca_file` is trusted besides the system's authorities; `check_name` False where the server
    is asked by an address that its certificate does not name; `elsewhere` where it was named by
    its URL, so that this machine's settings may not be its own.
    """

    url: str
    socket_path: str | None = None
    ca_file: str | None = None
    check_name: bool = True
    elsewhere: bool = False
    timeout: float = 3.0

    def ask(self, path: str, token: str | None = None) -> Answer:
        """GET a path; ConnectionError, with the reason, when no HTTP answer comes in time.

        `token` is sent as who asks.
        """
        headers = {"Accept": "application/json"}
        if token:
            if not (token.isascii() and token.isprintable()):
                raise ConnectionError("the key to be sent holds what no header may hold")
            headers["Authorization"] = f"Bearer {token}"
        started = time.monotonic()
        connection = self._connection()
        try:
            connection.connect()
            with _cut_after(started + self.timeout - time.monotonic(), connection.sock):
                connection.request("GET", path, headers=headers)
                response = connection.getresponse()
                body = response.read(LARGEST_ANSWER)
        except (OSError, http.client.HTTPException, UnicodeError) as error:
            late = time.monotonic() - started >= self.timeout
            raise ConnectionError(LATE if late else _cause(error)) from error
        finally:
            connection.close()
        seconds = time.monotonic() - started
        if seconds >= self.timeout:  # what was cut off is no answer, however well it began
            raise ConnectionError(LATE)
        return Answer(response.status, _parse(body), seconds * 1000)

    def _connection(self) -> http.client.HTTPConnection:
        if self.socket_path:
            return _UnixConnection(self.socket_path, self.timeout)
        parts = urlsplit(self.url)
        host, port = parts.hostname or "", parts.port
        if parts.scheme == "https":
            return http.client.HTTPSConnection(
                host, port, timeout=self.timeout, context=self._tls()
            )
        return http.client.HTTPConnection(host, port, timeout=self.timeout)

    def _tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        context.check_hostname = self.check_name
        if self.ca_file:
            try:
                context.load_verify_locations(self.ca_file)
            except OSError as error:
                raise KnowctlError(
                    ErrorCode.FILE,
                    f"the certificate file {self.ca_file} can't be used",
                    cause=error.strerror or str(error),
                    hint="set KNOWCTL_CA_CERT to a readable PEM file",
                ) from error
        return context


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


@contextlib.contextmanager
def _cut_after(seconds: float, connected: socket.socket) -> Iterator[None]:
    """End a connection in time: the socket's own timeout begins anew with every byte.

    It is the socket, since a connection forgets it when the answer is to end with it.
    """
    timer = threading.Timer(max(0.0, seconds), _cut, [connected])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _cut(connected: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connected.shutdown(socket.SHUT_RDWR)


def find_server(settings: Mapping[str, Any], url: str | None) -> ServerProbe:
    """The server at `url` (or KNOWCTL_URL), else the one that the settings describe.

    `settings` are values by attribute, so that another server can be asked whatever is wrong
    with this machine's settings. A server that listens everywhere is asked on loopback, whose
    name no certificate bears.
    """
    if url := url or settings["knowctl_url"]:
        return ServerProbe(_usable(url), ca_file=settings["knowctl_ca_cert"], elsewhere=True)
    address = address_of(settings["host"], settings["port"])
    host = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}.get(address.host, address.host)  # noqa: S104 -- what the server binds to
    return ServerProbe(
        url=f"{'https' if settings['ssl_certfile'] else 'http'}://{host}:{address.port}",
        socket_path=address.path,
        ca_file=settings["ssl_certfile"],
        check_name=False,
    )


def _usable(url: str) -> str:
    with contextlib.suppress(ValueError):
        parts = urlsplit(url)
        known = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
        if known and "@" not in parts.netloc:
            return url
    raise KnowctlError(
        ErrorCode.USAGE,
        "the server's address can't be used",
        cause="it has to start with http:// or https://, and to hold no user and password",
        hint="--url http://127.0.0.1:5000",
        exit_code=ExitCode.USAGE,
    )


def _parse(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _cause(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return LATE
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
