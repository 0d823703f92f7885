"""What is answered before Flask sees a request."""

from __future__ import annotations

import json
import logging

import pytest

from knowalledge_api.routes.early import UNKNOWN, Early, refusal
from knowalledge_api.routes.headers import standing_headers

STATUSES = (400, 408, 413, 414, 431, 500, 501, 503, 505)


@pytest.mark.parametrize("status", STATUSES)
def test_it_has_the_one_shape(status: int) -> None:
    answer = Early(standing_headers(https=True)).answer(status)
    headers = dict(answer.headers)
    body = json.loads(answer.body)
    assert answer.status.startswith(f"{status} ")
    assert headers["Content-Type"] == "application/problem+json"
    assert headers["Content-Length"] == str(len(answer.body))
    assert headers["X-Request-ID"] == body["request_id"]
    assert headers["Strict-Transport-Security"]
    assert headers["X-Frame-Options"] == "DENY"
    assert body["status"] == status
    assert body["detail"] == body["error"] == body["message"]
    assert set(body) == {
        *("type", "title", "status", "detail", "instance", "error", "message", "request_id"),
    }


def test_as_bytes_it_is_a_response_that_ends_its_connection() -> None:
    head, _, body = Early().raw(503, retry_after=1).partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    assert first == "HTTP/1.1 503 Service Unavailable"
    assert (headers["Connection"], headers["Retry-After"]) == ("close", "1")
    assert headers["Date"].endswith("GMT")
    assert json.loads(body)["retry_after"] == 1


def test_it_leaves_a_record_and_is_counted(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    counted: list[tuple[object, ...]] = []
    early = Early(observe=lambda *told: counted.append(told))
    answer = early.answer(408, "192.0.2.1", 10.5)
    (record,) = [vars(each) for each in caplog.records]
    assert (record["name"], record["msg"]) == ("knowalledge_api.access", "request")
    assert (record["status"], record["duration_ms"]) == (408, 10500.0)
    assert (record["address"], record["bytes"]) == ("192.0.2.1", len(answer.body))
    assert record["request_id"] == json.loads(answer.body)["request_id"]
    assert counted == [(UNKNOWN, None, 408, 10.5, 0, len(answer.body))]


def test_a_refusal_at_the_edge_has_the_id_of_its_request() -> None:
    answer = refusal(400, "/api/x", "mine", "No.")
    body = json.loads(answer.body)
    assert (body["request_id"], body["instance"], body["detail"]) == ("mine", "/api/x", "No.")
    assert dict(answer.headers)["Content-Length"] == str(len(answer.body))
    assert answer.status == "400 Bad Request"
