"""A request's body: read no further than allowed, and turned into a model where it is JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeVar

from flask import current_app, request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
from werkzeug.sansio.utils import get_content_length

from knowalledge_api.errors import ApiError, FieldProblem

Model = TypeVar("Model", bound=BaseModel)
JSON: Final = "application/json"
"""What nearly all send, to the letter; what else is JSON werkzeug knows."""


def json_body(model: type[Model]) -> Model:
    """The body as a model.

    Raises ApiError: 400 with the fields at fault, 415 for anything but JSON; and werkzeug's
    RequestEntityTooLarge where there are more than MAX_JSON_BYTES, of which no more are read, or
    ClientDisconnected where there are fewer than were declared.
    """
    environ = request.environ
    if environ.get("CONTENT_TYPE") != JSON and not request.is_json:
        raise ApiError(415, "Send JSON, with the header Content-Type: application/json.")
    try:
        return model.model_validate_json(
            bounded_body(environ, current_app.config["MAX_JSON_BYTES"])
        )
    except ValidationError as error:
        raise _refused(error) from None


def bounded_body(environ: Mapping[str, Any], limit: int) -> bytes:
    """The body, read past werkzeug's streams: they bound it as well, at five times the cost.

    Where a server marks the end, they also refuse a body that is exactly as large as is allowed.
    """
    stream = environ["wsgi.input"]
    length = get_content_length(
        environ.get("CONTENT_LENGTH"), environ.get("HTTP_TRANSFER_ENCODING")
    )
    if length is None:  # chunked, where the server says that it knows the end; else there is none
        ends = environ.get("wsgi.input_terminated", False)
        body: bytes = stream.read(limit + 1) if ends else b""
    elif length > limit:
        raise RequestEntityTooLarge
    else:
        body = stream.read(length)
        if len(body) < length:
            raise ClientDisconnected
    if len(body) > limit:
        raise RequestEntityTooLarge
    return body


def _refused(error: ValidationError) -> ApiError:
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    if faults[0]["type"] == "json_invalid":
        return ApiError(400, "The body is not valid JSON.")
    if not faults[0]["loc"]:
        return ApiError(400, "The body has to be a JSON object.")
    problems = tuple(
        FieldProblem(".".join(str(part) for part in fault["loc"]), fault["msg"].lower())
        for fault in faults
    )
    listed = "; ".join(f"{problem.field}: {problem.reason}" for problem in problems)
    return ApiError(400, f"The request can't be used: {listed}.", problems)
