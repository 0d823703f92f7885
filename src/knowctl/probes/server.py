"""Asks a running server over HTTP with the standard library alone, past any proxy."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import urlsplit

from knowctl.errors import ErrorCode, ExitCode, KnowctlError
from knowctl.model.address import Address
from knowctl.probes import exchange
from knowctl.probes.wording import cleaned

if TYPE_CHECKING:
    import ssl

PORTS: Final = {"http": 80, "https": 443}
LATE: Final = "it did not answer in time"


class Answer(NamedTuple):
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
        headers = {"Host": self._name(), "Accept": "application/json", **_who(token)}
        started = time.monotonic()
        end = started + self.timeout
        try:
            with self._connected(end) as plug:
                answered = exchange.ask(plug, path, headers, end)
        except (OSError, UnicodeError) as error:
            late = time.monotonic() >= end
            raise ConnectionError(LATE if late else _cause(error)) from error
        milliseconds = (time.monotonic() - started) * 1000
        return Answer(answered.status, _parse(answered.body), milliseconds)

    def _name(self) -> str:
        """What the request calls the server: its host, and its port where that is written."""
        name = "localhost" if self.socket_path else urlsplit(self.url).netloc
        return name if name.isascii() else name.encode("idna").decode("ascii")

    def _connected(self, end: float) -> socket.socket:
        if self.socket_path:
            return _on_unix_socket(self.socket_path, self.timeout)
        parts = urlsplit(self.url)
        host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
        if parts.scheme == "http":
            return socket.create_connection((host, port), self.timeout)
        tls = self._tls()
        with socket.create_connection((host, port), self.timeout) as plug:  # wrapping it takes it
            exchange.until(plug, end)
            return tls.wrap_socket(plug, server_hostname=host)

    def _tls(self) -> ssl.SSLContext:
        import ssl  # noqa: PLC0415 -- a plain connection needs none of it: 4 ms

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


def _on_unix_socket(path: str, timeout: float) -> socket.socket:
    plug = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    plug.settimeout(timeout)
    try:
        plug.connect(path)
    except OSError:
        plug.close()
        raise
    return plug


def find_server(settings: Mapping[str, Any], url: str | None) -> ServerProbe:
    """The server at `url` (or KNOWCTL_URL), else the one that the settings describe.

    `settings` are values by attribute, so that another server can be asked whatever is wrong
    with this machine's settings. A server that listens everywhere is asked on loopback, whose
    name no certificate bears.
    """
    if url := url or settings["knowctl_url"]:
        return ServerProbe(_usable(url), ca_file=settings["knowctl_ca_cert"], elsewhere=True)
    address = Address.of(settings["host"], settings["port"])
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
        known = parts.scheme in PORTS and parts.hostname and parts.port != 0
        if known and "@" not in parts.netloc and url.isprintable():
            return url
    raise KnowctlError(
        ErrorCode.USAGE,
        "the server's address can't be used",
        cause="it has to start with http:// or https://, and to hold no user and password",
        hint="--url http://127.0.0.1:5000",
        exit_code=ExitCode.USAGE,
    )


def _who(token: str | None) -> dict[str, str]:
    """The header that says who asks."""
    if not token:
        return {}
    if not (token.isascii() and token.isprintable()):
        raise ConnectionError("the key to be sent holds what no header may hold")
    return {"Authorization": f"Bearer {token}"}


def _parse(body: bytes) -> dict[str, Any]:
    """The document of an answer, its texts as a terminal may show them."""
    try:
        document = cleaned(json.loads(body))
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _cause(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return LATE
    if verdict := getattr(error, "verify_message", ""):  # ssl.SSLCertVerificationError has one
        return f"its certificate is not trusted: {verdict}"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
