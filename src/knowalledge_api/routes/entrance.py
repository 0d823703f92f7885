"""What a request is held to before the application is asked: its Host, its origin, its scheme."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import quote

from knowalledge_api.routes.cors import Cors
from knowalledge_api.routes.early import Answer, refusal
from knowalledge_api.routes.headers import SECURITY_HEADERS, Headers, standing_headers
from knowalledge_api.routes.hosts import PROBES, SCRAPED, Hosts, name_of
from knowalledge_api.settings import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_IN_PATH: Final = "/:@!$&'()*+,;=~"
_IN_QUERY: Final = _IN_PATH + "%?"


class Entering(Protocol):
    """A request, as far as it is judged here."""

    @property
    def id(self) -> str:
        """The request id."""
        ...

    @property
    def host(self) -> str:
        """The Host that it asks for."""
        ...

    @property
    def secure(self) -> bool:
        """Whether the client speaks HTTPS."""
        ...

    @property
    def path(self) -> str:
        """Its path, as it is shown."""
        ...


@dataclass(frozen=True, slots=True)
class Rules:
    """What requests are held to; `hops` trusted proxies are in front."""

    hops: int = 0
    hosts: Hosts = field(default_factory=Hosts)
    cors: Cors | None = None
    force_https: bool = False
    standing_headers: Headers = SECURITY_HEADERS

    @classmethod
    def of(cls, settings: Settings) -> Rules:
        """The rules of these settings."""
        return cls(
            hops=settings.trusted_proxy_hops,
            hosts=Hosts(settings.trusted_hosts),
            cors=Cors(settings.cors_origins) if settings.cors_enabled else None,
            force_https=settings.force_https,
            standing_headers=standing_headers(https=settings.force_https),
        )

    def answer(self, request: Entering, environ: WSGIEnvironment) -> Answer | None:
        """What is answered without the application; None where that is to be asked."""
        host, path = request.host, environ.get("PATH_INFO", "")
        if not self.hosts.admits(host, path) or _lacks_host(host, environ):
            return refusal(400, request.path, request.id, "The Host header names no host of ours.")
        if self.cors and _is_preflight(environ):
            allowed = self.cors.preflight(environ["HTTP_ORIGIN"])
            if allowed is None:
                return refusal(403, request.path, request.id, "This origin is not allowed.")
            return Answer("204 No Content", list(allowed), b"")
        if self.force_https and not request.secure and not self._is_probe(host, path):
            headers = [("Location", _by_https(host, environ)), ("Content-Length", "0")]
            return Answer("308 Permanent Redirect", headers, b"")
        return None

    def _is_probe(self, host: str, path: str) -> bool:
        """Whether a platform asks, which never speaks TLS: redirected it would fail."""
        return path in PROBES or (path in SCRAPED and self.hosts.is_address(host))


def _lacks_host(host: str, environ: WSGIEnvironment) -> bool:
    """Whether a Host is missing that has to be there (RFC 9112, 3.2)."""
    return not host and environ.get("SERVER_PROTOCOL") == "HTTP/1.1"


def _is_preflight(environ: WSGIEnvironment) -> bool:
    return (
        "HTTP_ORIGIN" in environ
        and environ["REQUEST_METHOD"] == "OPTIONS"
        and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ
    )


def _by_https(host: str, environ: WSGIEnvironment) -> str:
    """The same address by HTTPS, on its usual port: no request tells another."""
    path = quote(environ.get("PATH_INFO", ""), safe=_IN_PATH, encoding="latin-1")
    query = quote(environ.get("QUERY_STRING", ""), safe=_IN_QUERY, encoding="latin-1")
    return f"https://{name_of(host)}{path or '/'}{'?' if query else ''}{query}"
