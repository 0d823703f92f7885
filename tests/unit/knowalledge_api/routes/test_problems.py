"""The one shape of an error."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from werkzeug.exceptions import HTTPException, abort, default_exceptions

from knowalledge_api.app import OrjsonProvider
from knowalledge_api.errors import (
    ApiError,
    DatabaseFault,
    DatabaseUnavailableError,
    FieldProblem,
)
from knowalledge_api.logs import request_id
from knowalledge_api.routes import problems
from tests.support.answers import body_of

if TYPE_CHECKING:
    from flask.testing import FlaskClient

STATUSES = (
    *(400, 401, 403, 404, 405, 408, 409, 410, 413, 414, 415, 422, 429, 431),
    *(500, 501, 502, 503, 504),
)


class Odd(HTTPException):
    code = 299


def client(error: Exception | None = None) -> FlaskClient:
    app = Flask(__name__, static_folder=None)
    app.json = OrjsonProvider(app)
    problems.register(app)

    @app.get("/<int:status>")
    def refuse(status: int) -> str:
        if error is not None:
            raise error
        abort(status)

    return app.test_client()


@pytest.mark.parametrize("status", STATUSES)
def test_every_status_has_the_one_shape(status: int) -> None:
    request_id.set("r1")
    answer = client().get(f"/{status}")
    request_id.set("")
    body = body_of(answer)
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
    assert (body["status"], body["instance"], body["request_id"]) == (status, f"/{status}", "r1")
    assert body["detail"] == body["error"] == body["message"] == problems.SENTENCES[status]
    assert body["title"]
    assert "errors" not in body


def test_every_other_failure_of_werkzeug_has_a_sentence() -> None:
    for status in set(default_exceptions) - set(STATUSES):
        assert body_of(client().get(f"/{status}"))["detail"].endswith(".")


def test_a_status_without_a_name_is_an_error() -> None:
    assert body_of(client(Odd()).get("/1"))["title"] == "Error"


def test_an_address_that_does_not_exist_and_a_method_that_does_not_fit() -> None:
    assert body_of(client().get("/none"))["status"] == 404
    wrong = client().post("/1")
    assert wrong.status_code == 405
    assert set(wrong.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


def test_a_refusal_tells_its_fields_and_when_to_come_back() -> None:
    error = ApiError(429, "Slow down.", (FieldProblem("topic", "odd"),), retry_after=7)
    answer = client(error).get("/1")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    assert body_of(answer)["errors"] == [{"field": "topic", "reason": "odd"}]
    assert (body_of(answer)["retry_after"], body_of(answer)["message"]) == (7, "Slow down.")


def test_an_outage_of_the_database_says_when_to_come_back_and_nothing_of_itself(
    caplog: pytest.LogCaptureFixture,
) -> None:
    error = DatabaseUnavailableError("host canary", "hint", DatabaseFault.REFUSED)
    answer = client(error).get("/1")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert body_of(answer)["retry_after"] == 5
    assert "canary" not in answer.text
    assert "host canary" in caplog.text


def test_what_nobody_expected_is_logged_and_not_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    answer = client(RuntimeError("canary")).get("/1")
    assert answer.status_code == 500
    assert "canary" not in answer.text
    assert "RuntimeError" not in answer.text
    assert "canary" in caplog.text


def test_a_401_says_how_to_identify_oneself_and_nothing_else_does() -> None:
    asked = {status: client().get(f"/{status}").headers for status in STATUSES}
    assert asked[401]["WWW-Authenticate"] == "Bearer"
    assert [status for status in STATUSES if "WWW-Authenticate" in asked[status]] == [401]
    refused = client(ApiError(401, "no")).get("/1")
    assert refused.headers["WWW-Authenticate"] == "Bearer"
