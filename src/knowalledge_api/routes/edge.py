"""The edge of the application: what every request passes, and the one record that it leaves."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from threading import get_ident
from time import perf_counter
from types import TracebackType
from typing import TYPE_CHECKING, Final, cast

from knowalledge_api.auth.principal import Principal
from knowalledge_api.database.turns import asker
from knowalledge_api.generation import current
from knowalledge_api.live.requests import Requests
from knowalledge_api.logs import request_id, write_access
from knowalledge_api.routes.early import Observe
from knowalledge_api.routes.entrance import Rules
from knowalledge_api.routes.forwarding import caller_of
from knowalledge_api.routes.headers import Rate, rate_headers
from knowalledge_api.routes.tracing import request_id_of, trace_id_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

LONGEST_PATH: Final = 500
PRIVATE: Final = "knowalledge.private"
"""In a WSGI environment: the supervisor asks, not a client."""
PLAIN_HEADERS: Final = "knowalledge.plain_headers"
"""In a WSGI environment: a function that takes headers which the server need not judge."""
_LONGEST_SIZE: Final = 18
"""Digits; no body is that long."""

ExcInfo = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]


class Edge:
    """A WSGI application around another: one step before it and one after, whatever it does."""

    def __init__(
        self,
        application: WSGIApplication,
        requests: Requests | None = None,
        rules: Rules | None = None,
        observe: Observe | None = None,
    ) -> None:
        self._application = application
        self.rules = rules or Rules()
        self.requests = requests or Requests()
        self.observe = observe

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer with a request id and security headers, and write the access record."""
        exchange = Exchange(self, environ, start_response)
        request_id.set(exchange.id)
        before = asker.set(exchange)
        try:
            answer = None if exchange.is_private else self.rules.answer(exchange, environ)
            if answer is None:
                exchange.body = self._application(environ, exchange.start)
            else:
                exchange.start(answer.status, answer.headers)
                exchange.body = (answer.body,)
        except BaseException:
            exchange.close()
            raise
        finally:
            asker.reset(before)
        return exchange


class Exchange:
    """One request and its response; iterating gives the body, closing writes the record.

    `principal` and `rate` are told by the door, where it knows them.
    """

    __slots__ = (
        *("_bytes", "_edge", "_environ", "_route", "_start_response", "_status"),
        *("address", "body", "database_seconds", "host", "id", "is_private", "principal"),
        *("rate", "secure", "started", "thread", "trace_id"),
    )

    def __init__(self, edge: Edge, environ: WSGIEnvironment, start_response: StartResponse) -> None:
        self.started = perf_counter()
        self.id = request_id_of(environ.get("HTTP_X_REQUEST_ID"))
        self.trace_id = trace_id_of(environ.get("HTTP_TRACEPARENT"))
        self.is_private = _is_of_the_supervisor(environ)
        self.address, self.secure, self.host = caller_of(environ, edge.rules.hops)
        self.principal: Principal | None = None
        self.rate: Rate | None = None
        self.body: Iterable[bytes] = ()
        self.database_seconds = 0.0
        self.thread = get_ident()
        self._edge = edge
        self._environ = environ
        self._start_response = start_response
        self._status = 500
        self._route: str | None = None
        self._bytes = 0
        if edge.rules.hops:
            _rewrite(environ, self)
        edge.requests.enter(self)

    @property
    def method(self) -> str:
        """GET, POST and so on."""
        return str(self._environ["REQUEST_METHOD"])

    @property
    def route(self) -> str | None:
        """The rule that matched, as soon as it is known."""
        return self._route or _route_of(self._environ)

    @property
    def path(self) -> str:
        """The path as text, without the query, and no longer than can be shown."""
        path: str = self._environ.get("PATH_INFO", "")
        if path.isascii():
            return path[:LONGEST_PATH]
        return path.encode("latin-1", "replace").decode("utf-8", "replace")[:LONGEST_PATH]

    def start(
        self, status: str, headers: list[tuple[str, str]], exc_info: ExcInfo | None = None
    ) -> Callable[[bytes], object]:
        """WSGI's start_response, with what every response carries."""
        rules = self._edge.rules
        self._status = int(status[:3])
        self._route = _route_of(self._environ)  # Flask takes its request away afterwards
        if rules.cors is not None:
            headers = [*headers, *rules.cors.answer(self._environ.get("HTTP_ORIGIN"))]
        plain = [*rules.standing_headers, ("X-Request-ID", self.id)]
        if self.rate is not None:
            plain += rate_headers(self.rate)
        take = self._environ.get(PLAIN_HEADERS)
        if take is None:
            return self._start_response(status, headers + plain, exc_info)
        write = self._start_response(status, headers, exc_info)
        take(plain)
        return write

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
                if not self.is_private:
                    self._tell(seconds)
            finally:
                self._edge.requests.leave(self, seconds)
                request_id.set("")

    def _tell(self, seconds: float) -> None:
        """Leave the record, and let it be counted."""
        principal, generation = self.principal, current()
        method, size = self.method, _size(self._environ.get("CONTENT_LENGTH"))
        fields = {
            "request_id": self.id,
            "trace_id": self.trace_id,
            "method": method,
            "route": self._route,
            "path": self.path,
            "status": self._status,
            "duration_ms": round(seconds * 1000, 3),
            "request_bytes": size,
            "bytes": self._bytes,
            "user": principal.user_id if principal else None,
            "tier": principal.tier if principal else None,
            "address": self.address or None,
            "worker": os.getpid(),
            "generation": generation.number if generation else None,
        }
        write_access(fields)
        if self._edge.observe:
            self._edge.observe(method, self._route, self._status, seconds, size, self._bytes)


def exchange() -> Exchange:
    """The exchange that this thread works on; LookupError where there is none."""
    found = asker.get()
    if found is None:
        raise LookupError("no request is being served")
    return cast("Exchange", found)


def _is_of_the_supervisor(environ: WSGIEnvironment) -> bool:
    """Whether it came over a private socket: what proves a worker is nobody's request."""
    if PRIVATE in environ:
        return True
    generation = current()
    if generation is None or environ.get("REMOTE_ADDR"):
        return False
    plug = environ.get("gunicorn.socket")
    return plug is not None and Path(str(plug.getsockname())).parent == generation.directory


def _rewrite(environ: WSGIEnvironment, exchange: Exchange) -> None:
    """Tell whatever reads the environment what the trusted proxies have told."""
    environ["REMOTE_ADDR"] = exchange.address
    environ["wsgi.url_scheme"] = "https" if exchange.secure else "http"
    environ["HTTP_HOST"] = exchange.host


def _route_of(environ: WSGIEnvironment) -> str | None:
    """The rule that matched, for counting by; None where none did."""
    rule = getattr(environ.get("werkzeug.request"), "url_rule", None)
    return None if rule is None else str(rule.rule)


def _size(given: str | None) -> int:
    if given and len(given) <= _LONGEST_SIZE and given.isascii() and given.isdigit():
        return int(given)
    return 0
