"""What a learner hands in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from knowalledge_api.app import parts_of
from tests.support.answers import body_of
from tests.unit.knowalledge_api.routes.test_auth import app_of, key_of

if TYPE_CHECKING:
    from flask.testing import FlaskClient

SUBMIT = "/api/quiz/submit"
QUIZ = {"topic": "C++ Programming", "score": 2, "total": 3}


@pytest.fixture
def client(tmp_path: Path) -> Iterator[FlaskClient]:
    app = app_of(tmp_path)
    with closing(parts_of(app).database):
        yield app.test_client()


def ada(client: FlaskClient) -> dict[str, str]:
    return {"X-API-Key": key_of(client)}


def test_a_quiz_is_kept_and_progress_tells_of_it(client: FlaskClient) -> None:
    who = ada(client)
    answer = client.post(SUBMIT, json={**QUIZ, "subtopic": "Templates"}, headers=who)
    assert (answer.status_code, body_of(answer)) == (
        200,
        {"status": "success", "mastery_level": 2},
    )
    (row,) = body_of(client.get("/api/progress", headers=who))
    assert row.pop("last_accessed").endswith("+00:00")
    assert row == {
        "user_id": "ada",
        "topic": "C++ Programming",
        "subtopic": "Templates",
        "mastery_level": 2,
    }
    assert body_of(client.get("/api/progress?topic=other", headers=who)) == []
    assert len(body_of(client.get("/api/progress?topic=C%2B%2B+Programming", headers=who))) == 1


def test_nobody_reads_what_is_another_s(client: FlaskClient) -> None:
    client.post(SUBMIT, json=QUIZ, headers=ada(client))
    bob = {"X-API-Key": key_of(client, "bob")}
    assert body_of(client.get("/api/progress?user_id=ada", headers=bob)) == []
    assert client.get("/api/progress").status_code == 401
    assert client.post(SUBMIT, json=QUIZ).status_code == 401


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"score": 99}, "score"),
        ({"score": -1}, "score"),
        ({"score": "2"}, "score"),
        ({"total": 0, "score": 0}, "total"),
        ({"total": "a"}, "total"),
        ({"total": 10_001}, "total"),
        ({"topic": ""}, "topic"),
        ({"topic": 3}, "topic"),
        ({"difficulty": "x" * 101}, "difficulty"),
        ({"difficulty": "a\u0000"}, "difficulty"),
        ({"subtopic": ["x"]}, "subtopic"),
    ],
)
def test_a_score_that_can_not_be_is_400(
    client: FlaskClient, changed: dict[str, Any], field: str
) -> None:
    answer = client.post(SUBMIT, json={**QUIZ, **changed}, headers=ada(client))
    assert answer.status_code == 400
    assert body_of(answer)["errors"][0]["field"] == field


def test_a_quiz_that_is_sent_again_is_kept_once(client: FlaskClient) -> None:
    headers = {**ada(client), "Idempotency-Key": "one"}
    first, again = (client.post(SUBMIT, json=QUIZ, headers=headers) for _ in range(2))
    assert body_of(first) == body_of(again)
    assert client.post(SUBMIT, json={**QUIZ, "score": 3}, headers=headers).status_code == 422
