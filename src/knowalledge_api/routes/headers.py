"""The headers that every response carries, and those of a rate limit."""

from __future__ import annotations

from typing import Final, Protocol

Header = tuple[str, str]
Headers = tuple[Header, ...]

SECURITY_HEADERS: Final[Headers] = (
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    ("X-XSS-Protection", "0"),
)
HSTS: Final[Header] = ("Strict-Transport-Security", "max-age=31536000")
"""For a year; subdomains are not ours to speak for."""


class Rate(Protocol):
    """How much of a limit is left to whom."""

    @property
    def limit(self) -> int:
        """Requests that the window allows."""
        ...

    @property
    def remaining(self) -> int:
        """Requests that are left of it."""
        ...

    @property
    def reset_seconds(self) -> int:
        """Until there are more."""
        ...


def standing_headers(*, https: bool) -> Headers:
    """What every response carries; `https`: HTTPS is forced."""
    return (*SECURITY_HEADERS, HSTS) if https else SECURITY_HEADERS


def rate_headers(rate: Rate) -> Headers:
    """What is left of a limit."""
    return (
        ("RateLimit-Limit", str(rate.limit)),
        ("RateLimit-Remaining", str(rate.remaining)),
        ("RateLimit-Reset", str(rate.reset_seconds)),
    )
