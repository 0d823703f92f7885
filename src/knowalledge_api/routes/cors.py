"""Which other origins a browser may call from, and what it is told."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from knowalledge_api.routes.headers import Header, Headers

METHODS: Final = "GET, POST, PUT, PATCH, DELETE, OPTIONS"
REQUEST_HEADERS: Final = (
    "Authorization, Content-Type, X-API-Key, X-CSRF-Token, X-Request-ID, Idempotency-Key"
)
EXPOSED: Final = "Retry-After, X-Request-ID, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset"
PREFLIGHT_SECONDS: Final = "600"
"""For how long a browser need not ask again; the shortest of the browsers' own bounds."""
ANY: Final = "*"
VARY: Final[Header] = ("Vary", "Origin")
"""On every response: a cache must not show one origin what was answered to another."""
PREFLIGHT: Final[Headers] = (
    ("Access-Control-Allow-Methods", METHODS),
    ("Access-Control-Allow-Headers", REQUEST_HEADERS),
    ("Access-Control-Max-Age", PREFLIGHT_SECONDS),
)
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


class Cors:
    """The answers to listed origins, made once. No cookies: credentials come in headers."""

    def __init__(self, origins: tuple[str, ...]) -> None:
        listed = [serialised(each) for each in origins]
        self._answers: dict[str | None, Headers] = {each: _answer(each) for each in listed}
        self._otherwise = self._answers.get(ANY, (VARY,))
        self._any = ANY in listed

    def answer(self, origin: str | None) -> Headers:
        """What a response to this origin carries."""
        return self._answers.get(origin, self._otherwise)

    def preflight(self, origin: str) -> Headers | None:
        """What a browser is told that asks beforehand; None where the origin is not listed."""
        return PREFLIGHT if self._any or origin in self._answers else None


def serialised(origin: str) -> str:
    """An origin as browsers send it: lower case, without the default port and without a path."""
    try:
        parts = urlsplit(origin.strip().lower())
        port = parts.port
    except ValueError:
        return origin
    if not parts.scheme or not parts.hostname:
        return origin.strip()
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    shown = "" if port in {None, _DEFAULT_PORTS.get(parts.scheme)} else f":{port}"
    return f"{parts.scheme}://{host}{shown}"


def _answer(origin: str) -> Headers:
    return (
        ("Access-Control-Allow-Origin", origin),
        ("Access-Control-Expose-Headers", EXPOSED),
        VARY,
    )
