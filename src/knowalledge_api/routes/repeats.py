"""What a request says of its being a repetition: the header Idempotency-Key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import Response, jsonify, request

from knowalledge_api.errors import ApiError
from knowalledge_api.routes.door import recognised_principal
from knowalledge_api.services.idempotency import Answer, Repeatable

if TYPE_CHECKING:
    from pydantic import BaseModel

LONGEST: Final = 255


def repeatable(asked: BaseModel | None = None) -> Repeatable | None:
    """This write with its key; None without one. ApiError 400 where the key can't be used.

    `asked` is the body as it was understood.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not 0 < len(key) <= LONGEST or not (key.isascii() and key.isprintable()):
        raise ApiError(400, f"Idempotency-Key has to be 1 to {LONGEST} visible characters.")
    principal = recognised_principal()
    return Repeatable(
        key=key,
        principal=None if principal is None else principal.number,
        route=f"{request.method} {request.url_rule}",
        content=f"{request.path} {asked.model_dump_json() if asked else ''}",
    )


def respond(answer: Answer) -> Response:
    """The answer as JSON, which nobody on the way keeps."""
    response = jsonify(answer.body)
    response.status_code = answer.status
    response.headers["Cache-Control"] = "no-store"
    return response
