"""What a request says of its being a repetition."""

from __future__ import annotations

import pytest
from flask import Flask
from pydantic import BaseModel

from knowalledge_api.errors import ApiError
from knowalledge_api.routes.repeats import repeatable, respond
from knowalledge_api.services.idempotency import Answer, Repeatable
from tests.support.answers import body_of

app = Flask(__name__, static_folder=None)
app.add_url_rule("/things/<int:number>", "thing", lambda number: f"{number}", methods=["POST"])


class Asked(BaseModel):
    topic: str


def read(key: str | None, asked: BaseModel | None = None, path: str = "/things/7") -> object:
    headers = {} if key is None else {"Idempotency-Key": key}
    with app.test_request_context(path, method="POST", headers=headers):
        return repeatable(asked)


def test_without_the_header_it_is_no_repetition() -> None:
    assert read(None) is None


def test_the_route_is_the_scope_and_address_and_body_are_the_request() -> None:
    assert read("k", Asked(topic="x")) == Repeatable(
        "k", None, "POST /things/<int:number>", '/things/7 {"topic":"x"}'
    )
    assert read("k") != read("k", path="/things/8")


@pytest.mark.parametrize("key", ["", "x" * 256, "ä", "a\tb"])
def test_a_key_that_can_not_be_used_is_400(key: str) -> None:
    with pytest.raises(ApiError) as raised:
        read(key)
    assert raised.value.status == 400


def test_the_longest_key_is_taken() -> None:
    assert read("x" * 255) is not None


def test_an_answer_is_kept_by_nobody_on_the_way() -> None:
    with app.test_request_context():
        response = respond(Answer(201, {"api_key": "x"}))
    assert (response.status_code, response.headers["Cache-Control"]) == (201, "no-store")
    assert body_of(response) == {"api_key": "x"}  # type: ignore[arg-type]  # it has data too
