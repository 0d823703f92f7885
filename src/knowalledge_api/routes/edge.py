"""The edge of the application: what every response carries, and the one record a request leaves."""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from threading import get_ident
from time import perf_counter
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final

from knowalledge_api.database.turns import asker
from knowalledge_api.generation import current
from knowalledge_api.live.requests import Requests
from knowalledge_api.logs import request_id

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger("knowalledge_api.access")

SECURITY_HEADERS: Final = (
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    ("X-XSS-Protection", "0"),
)
LONGEST_PATH: Final = 500
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,128}")

ExcInfo = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]


class Edge:
    """A WSGI application around another: one step before it and one after, whatever it does."""

    def __init__(self, application: WSGIApplication, requests: Requests | None = None) -> None:
        self._application = application
        self._requests = requests or Requests()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer with a request id and security headers, and write the access record."""
        exchange = Exchange(environ, start_response, self._requests)
        request_id.set(exchange.id)
        before = asker.set(exchange)
        try:
            exchange.body = self._application(environ, exchange.start)
        except BaseException:
            exchange.close()
            raise
        finally:
            asker.reset(before)
        return exchange


class Exchange:
    """One request and its response; iterating gives the body, closing writes the record."""

    def __init__(
        self, environ: WSGIEnvironment, start_response: StartResponse, requests: Requests
    ) -> None:
        self.id = _id_of(environ.get("HTTP_X_REQUEST_ID", ""))
        self.body: Iterable[bytes] = ()
        self.database_seconds = 0.0
        self.thread = get_ident()
        self.started = perf_counter()
        self._environ = environ
        self._start_response = start_response
        self._status = 500
        self._route: str | None = None
        self._bytes = 0
        self._requests = requests
        requests.enter(self)

    @property
    def method(self) -> str:
        """GET, POST and so on."""
        return str(self._environ["REQUEST_METHOD"])

    @property
    def address(self) -> str:
        """Where it came from, empty where the server does not say."""
        return str(self._environ.get("REMOTE_ADDR") or "")

    @property
    def route(self) -> str | None:
        """The rule that matched, as soon as it is known."""
        return self._route or _route_of(self._environ)

    def start(
        self, status: str, headers: list[tuple[str, str]], exc_info: ExcInfo | None = None
    ) -> Callable[[bytes], object]:
        """WSGI's start_response, with what every response carries."""
        self._status = int(status[:3])
        self._route = _route_of(self._environ)  # Flask takes its request away afterwards
        headers = [*headers, *SECURITY_HEADERS, ("X-Request-ID", self.id)]
        return self._start_response(status, headers, exc_info)

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self.body:
            self._bytes += len(chunk)
            yield chunk

    def close(self) -> None:
        """End the body, and write the record of the whole exchange."""
        try:
            close: Callable[[], None] | None = getattr(self.body, "close", None)
            if close is not None:
                close()
        finally:
            seconds = perf_counter() - self.started
            try:
                if not _is_of_the_supervisor(self._environ):
                    log.info("request", extra=self._record(seconds))
            finally:
                self._requests.leave(self, seconds)
                request_id.set("")

    def _record(self, seconds: float) -> dict[str, Any]:
        environ = self._environ
        path: str = environ.get("PATH_INFO", "")
        return {
            "request_id": self.id,
            "method": environ["REQUEST_METHOD"],
            "route": self._route,
            "path": path.encode("latin-1", "replace").decode("utf-8", "replace")[:LONGEST_PATH],
            "status": self._status,
            "duration_ms": round(seconds * 1000, 3),
            "request_bytes": _size(environ.get("CONTENT_LENGTH")),
            "bytes": self._bytes,
        }


def _is_of_the_supervisor(environ: WSGIEnvironment) -> bool:
    """Whether it came over a private socket: what proves a worker is nobody's request."""
    generation, plug = current(), environ.get("gunicorn.socket")
    if generation is None or plug is None or environ.get("REMOTE_ADDR"):
        return False
    return Path(str(plug.getsockname())).parent == generation.directory


def _id_of(given: str) -> str:
    """The client's id where it is a plain one, so that it can be logged and sent back."""
    return given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(16)


def _route_of(environ: WSGIEnvironment) -> str | None:
    """The rule that matched, for counting by; None where none did."""
    rule = getattr(environ.get("werkzeug.request"), "url_rule", None)
    return None if rule is None else str(rule.rule)


def _size(given: str | None) -> int:
    return int(given) if given and given.isascii() and given.isdigit() else 0
