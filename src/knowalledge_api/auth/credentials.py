"""Which credential a request's headers present."""

from __future__ import annotations

import hmac
from typing import Final

from knowalledge_api.settings import Secret

SCHEME: Final = "bearer"


def presented(authorization: str, api_key: str) -> str | None:
    """What `Authorization: Bearer` holds, else `X-API-Key`; None without either.

    Another scheme, such as a proxy's Basic, is not for us.
    """
    return bearer(authorization) or api_key.strip() or None


def bearer(authorization: str) -> str:
    """What stands behind `Bearer`, empty where nothing does."""
    scheme, _, rest = authorization.partition(" ")
    return rest.strip() if scheme.lower() == SCHEME else ""


class ScraperToken:
    """METRICS_TOKEN, with which a scraper reads what else is for administrators."""

    def __init__(self, token: Secret | None) -> None:
        self._right = token.reveal().encode() if token else b""

    def is_in(self, authorization: str) -> bool:
        """Whether the header holds it, compared in constant time; never where none is set."""
        sent = bearer(authorization).encode("latin-1", "replace")  # WSGI's way to hold bytes
        return hmac.compare_digest(sent, self._right) and bool(self._right)
