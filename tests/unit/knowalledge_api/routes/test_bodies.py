"""A request's JSON body."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, StrictStr
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from knowalledge_api.errors import ApiError
from knowalledge_api.routes.bodies import json_body

APP = Flask(__name__)
APP.config["MAX_JSON_BYTES"] = 1024


class Inner(BaseModel):
    number: int


class Asked(BaseModel):
    topic: StrictStr
    inner: Inner | None = None


def parsed(data: bytes, content_type: str | None = "application/json", **more: Any) -> Asked:
    with APP.test_request_context("/", method="POST", data=data, content_type=content_type, **more):
        return json_body(Asked)


def refused(data: bytes, content_type: str | None = "application/json") -> ApiError:
    with pytest.raises(ApiError) as caught:
        parsed(data, content_type)
    return caught.value


def test_members_that_nobody_asked_for_are_passed_over() -> None:
    assert parsed(b'{"topic": "x", "language": 5}') == Asked(topic="x")
    assert parsed(b'{"topic": "x"}', "application/vnd.x+json; charset=utf-8").topic == "x"


@pytest.mark.parametrize("kind", [None, "text/plain", "multipart/form-data; boundary=x"])
def test_only_json_is_taken(kind: str | None) -> None:
    assert refused(b'{"topic": "x"}', kind).status == 415


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b'{"topic": "\\ud800"}', b"[" * 900])
def test_what_is_no_json_is_400(data: bytes) -> None:
    error = refused(data)
    assert (error.status, error.detail) == (400, "The body is not valid JSON.")


@pytest.mark.parametrize("data", [b"[]", b"1", b"null", b'"x"'])
def test_what_is_no_object_is_400(data: bytes) -> None:
    error = refused(data)
    assert (error.status, error.detail) == (400, "The body has to be a JSON object.")


def test_each_field_at_fault_is_named_and_its_value_is_not() -> None:
    error = refused(b'{"topic": 1, "inner": {"number": "canary"}}')
    assert [problem.field for problem in error.problems] == ["topic", "inner.number"]
    assert error.problems[0].reason == "input should be a valid string"
    assert error.status == 400
    assert "canary" not in error.detail
    assert [problem.reason for problem in refused(b"{}").problems] == ["field required"]


def test_no_more_is_read_than_is_allowed() -> None:
    with pytest.raises(RequestEntityTooLarge):
        parsed(b" " * 1026)
    with pytest.raises(RequestEntityTooLarge):
        parsed(b'{"topic": "x"}' + b" " * 1011)
    assert parsed(b'{"topic": "x"}' + b" " * 1010).topic == "x"
    chunked = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    with pytest.raises(RequestEntityTooLarge):
        parsed(b'{"topic": "x"}' + b" " * 5000, environ_overrides={**chunked, "CONTENT_LENGTH": ""})


def test_a_chunked_body_is_read_to_its_end_and_nothing_is_read_where_none_is_known() -> None:
    chunked = {"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": ""}
    ends = {**chunked, "wsgi.input_terminated": True}
    assert parsed(b'{"topic": "x"}', environ_overrides=ends).topic == "x"
    with pytest.raises(ApiError) as caught:
        parsed(b'{"topic": "x"}', environ_overrides=chunked)
    assert caught.value.detail == "The body is not valid JSON."


def test_a_body_that_ends_too_early_is_400() -> None:
    with pytest.raises(ClientDisconnected):
        parsed(b'{"topic": "x"}', environ_overrides={"CONTENT_LENGTH": "15"})


@given(st.binary(max_size=900))
def test_any_bytes_are_a_model_or_a_refusal(data: bytes) -> None:
    try:
        parsed(data)
    except ApiError as error:
        status = error.status
    else:
        status = 200
    assert status in {200, 400}
