"""What is answered before Flask sees a request: problems of the one shape, with their records."""

from __future__ import annotations

import os
from collections.abc import Callable
from email.utils import formatdate
from http import HTTPStatus
from typing import Any, Final, NamedTuple

from knowalledge_api.generation import current
from knowalledge_api.logs import write_access
from knowalledge_api.routes.headers import SECURITY_HEADERS, Header, Headers
from knowalledge_api.routes.problems import MEDIA_TYPE, document, title
from knowalledge_api.routes.tracing import fresh_id

Observe = Callable[[str, str | None, int, float, int, int], object]
"""Is told of each exchange: method, route, status, seconds, bytes that came, bytes that went."""

UNKNOWN: Final = "-"
"""The method of a request that could not be read."""


class Answer(NamedTuple):
    """A whole response."""

    status: str
    headers: list[Header]
    body: bytes


class Early:
    """Answers for servers: to what can't be read, is too large, or takes too long to arrive."""

    def __init__(
        self, standing: Headers = SECURITY_HEADERS, observe: Observe | None = None
    ) -> None:
        self._standing = standing
        self._observe = observe

    def answer(
        self, status: int, address: str = "", seconds: float = 0.0, retry_after: int | None = None
    ) -> Answer:
        """The response, whose record is written with it; `seconds` since the request began."""
        number = fresh_id()
        body = document(status, id_of_request=number, retry_after=retry_after)
        headers = [
            ("Content-Type", MEDIA_TYPE),
            ("Content-Length", str(len(body))),
            *self._standing,
            ("X-Request-ID", number),
        ]
        if retry_after is not None:
            headers.append(("Retry-After", str(retry_after)))
        write_access(_record(number, status, len(body), address, seconds))
        if self._observe:
            self._observe(UNKNOWN, None, status, seconds, 0, len(body))
        return Answer(f"{status} {title(status)}", headers, body)

    def raw(
        self, status: int, address: str = "", seconds: float = 0.0, retry_after: int | None = None
    ) -> bytes:
        """The same as bytes, for a connection that ends with it."""
        answer = self.answer(status, address, seconds, retry_after)
        ending = [*answer.headers, ("Date", formatdate(usegmt=True)), ("Connection", "close")]
        lines = (f"{name}: {value}\r\n" for name, value in ending)
        return f"HTTP/1.1 {answer.status}\r\n{''.join(lines)}\r\n".encode("latin-1") + answer.body


def refusal(status: int, instance: str, number: str, detail: str = "") -> Answer:
    """A problem for a request whose id and record are somebody else's business."""
    body = document(status, detail, instance, number)
    headers = [("Content-Type", MEDIA_TYPE), ("Content-Length", str(len(body)))]
    return Answer(f"{status} {HTTPStatus(status).phrase}", headers, body)


def _record(number: str, status: int, size: int, address: str, seconds: float) -> dict[str, Any]:
    generation = current()
    return {
        "request_id": number,
        "trace_id": None,
        "method": None,
        "route": None,
        "path": None,
        "status": status,
        "duration_ms": round(seconds * 1000, 3),
        "request_bytes": 0,
        "bytes": size,
        "user": None,
        "tier": None,
        "address": address or None,
        "worker": os.getpid(),
        "generation": generation.number if generation else None,
    }
