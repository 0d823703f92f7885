"""A request's one uploaded file."""

from __future__ import annotations

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from knowalledge_api.errors import ApiError
from knowalledge_api.routes.uploads import MOST_PARTS, Upload, uploaded
from tests.support.pictures import form

APP = Flask(__name__)
APP.config["MAX_CONTENT_LENGTH"] = 1 << 20
FORM = "multipart/form-data; boundary=x"
FILE = 'name="image"; filename="a.png"'


def parsed(data: bytes, kind: str = FORM) -> Upload:
    with APP.test_request_context("/", method="POST", data=data, content_type=kind):
        return uploaded("image")


def refused(data: bytes, kind: str = FORM) -> int:
    try:
        parsed(data, kind)
    except ApiError as error:
        return error.status
    except HTTPException as error:
        return error.code or 0
    return 200


def test_the_file_is_taken_and_other_fields_are_passed_over() -> None:
    content = bytes(range(256)) * 1000
    found = parsed(form(('name="a"', b"b"), (FILE, content), ('name="c"', b"d")))
    assert (found.name, found.data) == ("a.png", content)
    assert parsed(form(('name="image"', b"bare"))).data == b"bare"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"--x\r\n",
        form(),
        form(('name="other"', b"a")),
        form((FILE, b"a"), (FILE, b"b")),
        form((FILE, b"a"), ('name="b"; filename="b"', b"b")),
        form((FILE, b"a"))[:-6],
        b"--x\r\nX: y\r\n\r\nbody\r\n--x--\r\n",
    ],
)
def test_a_form_that_does_not_fit_is_400(data: bytes) -> None:
    assert refused(data) == 400


@pytest.mark.parametrize("boundary", ["", "; boundary=" + "b" * 71, "; boundary=\xe9"])
def test_a_boundary_that_is_none_is_400(boundary: str) -> None:
    assert refused(form((FILE, b"a")), f"multipart/form-data{boundary}") == 400


@pytest.mark.parametrize("kind", ["application/json", "", "multipart/mixed; boundary=x"])
def test_only_a_form_is_taken(kind: str) -> None:
    assert refused(b'{"image": "x"}', kind) == 415


def test_too_much_of_anything_is_413() -> None:
    fields = [(f'name="{number}"', b"") for number in range(MOST_PARTS)]
    assert refused(form(*fields, (FILE, b"a"))) == 413
    assert refused(b"--x\r\nContent-Disposition: " + b"a" * 200_000) == 413
    assert refused(b"a" * 200_000) == 413
    room = (1 << 20) - len(form((FILE, b"")))
    assert refused(form((FILE, bytes(room + 1)))) == 413
    assert len(parsed(form((FILE, bytes(room)))).data) == room


@given(st.binary(max_size=200), st.integers(0, 90), st.binary(max_size=20))
def test_any_bytes_are_a_file_or_a_refusal(body: bytes, at: int, put: bytes) -> None:
    whole = form((FILE, body))
    for data in (body, whole[:at] + put + whole[at:]):
        try:
            parsed(data)
        except ApiError as error:
            assert error.status == 400  # noqa: PT017 -- or there is none
        except RequestEntityTooLarge:
            raise AssertionError from None
