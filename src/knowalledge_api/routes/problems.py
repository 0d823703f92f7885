"""The one shape of an error, for whatever went wrong, without a word of the exception itself."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any, Final

import orjson
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from knowalledge_api.errors import ApiError, DatabaseUnavailableError, FieldProblem
from knowalledge_api.logs import request_id

log = logging.getLogger(__name__)

MEDIA_TYPE: Final = "application/problem+json"
DATABASE_RETRY: Final = 5
"""Seconds after which a client asks again: longer than a database takes to fail over a socket."""

SENTENCES: Final = {
    400: "The request can't be understood.",
    401: "Credentials are missing or wrong.",
    403: "This is not allowed.",
    404: "There is nothing at this address.",
    405: "This address does not support that method.",
    408: "The request took too long to arrive.",
    409: "This conflicts with what is already there.",
    410: "This is gone for good.",
    413: "The request is too large.",
    414: "The address is too long.",
    415: "Send JSON, with the header Content-Type: application/json.",
    422: "The request is well formed, but its content can't be used.",
    429: "Too many requests; try again later.",
    431: "The request's headers are too large.",
    500: "Something went wrong here; the request id helps to find out what.",
    501: "This is not supported.",
    502: "A service behind this one gave no usable answer.",
    503: "The service can't answer right now; try again in a few seconds.",
    504: "A service behind this one took too long.",
    505: "Speak HTTP/1.1.",
}
_KEPT_HEADERS: Final = ("Allow", "Retry-After", "WWW-Authenticate", "Content-Range")


def register(app: Flask) -> None:
    """Answer every failure of the application with a problem document."""
    app.register_error_handler(ApiError, _api_error)
    app.register_error_handler(DatabaseUnavailableError, _database_unavailable)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _unexpected)


def problem(
    status: int,
    detail: str = "",
    problems: tuple[FieldProblem, ...] = (),
    retry_after: int | None = None,
) -> Response:
    """A problem document (RFC 9457) with the two members that older clients read."""
    body = document(status, detail, request.path, request_id.get(), problems, retry_after)
    response = Response(body, status, content_type=MEDIA_TYPE)
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    if status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def document(  # noqa: PLR0913, PLR0917 -- the members of a problem
    status: int,
    detail: str = "",
    instance: str = "",
    id_of_request: str = "",
    problems: tuple[FieldProblem, ...] = (),
    retry_after: int | None = None,
) -> bytes:
    """The body of a problem (RFC 9457), for whoever answers; `retry_after` is in seconds."""
    sentence = detail or SENTENCES.get(status) or f"{title(status)}."
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": title(status),
        "status": status,
        "detail": sentence,
        "instance": instance,
        "error": sentence,
        "message": sentence,
        "request_id": id_of_request,
    }
    if problems:
        body["errors"] = [{"field": each.field, "reason": each.reason} for each in problems]
    if retry_after is not None:
        body["retry_after"] = retry_after
    return orjson.dumps(body)


def title(status: int) -> str:
    """The name of a status."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


def _api_error(error: ApiError) -> Response:
    return problem(error.status, error.detail, error.problems, error.retry_after)


def _database_unavailable(error: DatabaseUnavailableError) -> Response:
    log.warning("the database can't be asked: %s", error, extra={"fault": error.fault})
    return problem(503, retry_after=DATABASE_RETRY)


def _http_error(error: HTTPException) -> Response:
    response = problem(error.code or 500)
    for name, value in error.get_headers():
        if name in _KEPT_HEADERS:
            response.headers[name] = value
    return response


def _unexpected(error: Exception) -> Response:
    log.error("unexpected %s", type(error).__name__, exc_info=error)
    return problem(500)
