"""Where the description is read: the document, and a page that shows it without any network."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

import orjson
from flask import Blueprint, Flask, Response, request

from knowalledge_api.auth.policy import Limit, public
from knowalledge_api.routes.openapi.document import document
from knowalledge_api.routes.openapi.operations import HTML, JSON

PAGE: Final = Path(__file__).with_name("page.html")
LIFE: Final = "public, max-age=300"
_INLINE: Final = re.compile(r"<(script|style)>(.*?)</\1>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Page:
    """Bytes that are the same for everybody, until the next release."""

    content: bytes
    media_type: str
    policy: str = "default-src 'none'; frame-ancestors 'none'"

    @property
    def etag(self) -> str:
        """Changes with the content."""
        return sha256(self.content).hexdigest()[:32]


class Pages:
    """The pages of one application, made once it has all its routes."""

    def __init__(self) -> None:
        self._description = Page(b"{}", JSON)
        text = PAGE.read_text("utf-8")
        self._page = Page(text.encode(), HTML, content_policy(text))

    def describe(self, app: Flask) -> None:
        """Make the description of what this application answers."""
        self._description = Page(orjson.dumps(document(app)), JSON)

    def blueprint(self) -> Blueprint:
        """The two routes."""
        routes = Blueprint("description", __name__, url_prefix="/api")

        @routes.get("/openapi.json", endpoint="document")
        @public("clients are made from it; it tells no more than calling does", limit=Limit.NONE)
        def describe() -> Response:
            return _answered(self._description)

        @routes.get("/docs")
        @public("it shows what the description tells", limit=Limit.NONE)
        def page() -> Response:
            return _answered(self._page)

        return routes


def content_policy(text: str) -> str:
    """A Content-Security-Policy that lets a page run its own script and style and nothing else."""
    hashes = {
        kind: b64encode(sha256(content.encode()).digest()).decode()
        for kind, content in _INLINE.findall(text)
    }
    inline = [f"{kind}-src 'sha256-{digest}'" for kind, digest in sorted(hashes.items())]
    nothing = ("default-src 'none'", "base-uri 'none'", "form-action 'none'")
    return "; ".join([*nothing, "frame-ancestors 'none'", "connect-src 'self'", *inline])


def _answered(page: Page) -> Response:
    response = Response(page.content, content_type=page.media_type)
    response.headers["Content-Security-Policy"] = page.policy
    response.headers["Cache-Control"] = LIFE
    response.set_etag(page.etag)
    response.make_conditional(request)
    return response
