"""Learning content."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask

from knowalledge_api.auth.policy import Access, policy_of, public
from knowalledge_api.cache import Cache
from knowalledge_api.database import Database
from knowalledge_api.database.models import Base
from knowalledge_api.providers.faults import ANSWERS, AiError, Fault
from knowalledge_api.providers.protocol import Terms
from knowalledge_api.providers.tasks import (
    AskQuestions,
    DivideTopic,
    Explain,
    Language,
    NamePicture,
    Recommend,
    Task,
)
from knowalledge_api.routes import content, problems
from knowalledge_api.routes.openapi import answers
from knowalledge_api.services.contents import Contents
from knowalledge_api.services.image_topics import ImageTopicService
from knowalledge_api.services.presentations import Presentations
from knowalledge_api.services.writing import Shelves, Writing
from knowalledge_api.stores.store import Store
from tests.support.answers import body_of
from tests.support.configuration import sqlite_settings
from tests.support.pictures import png
from tests.support.writers import Writer

if TYPE_CHECKING:
    from flask.testing import FlaskClient

PRESENTATION = {
    "topic": "CI/CD",
    "educationLevel": "juniorLevel",
    "levelOfDetail": "lowDetail",
    "focus": ["CI", "CD"],
}
QUIZ = {"topic": "CI/CD", "subtopic": "CI"}


@pytest.fixture
def writer() -> Writer:
    return Writer()


@pytest.fixture
def app(tmp_path: Path, writer: Writer) -> Iterator[Flask]:
    app = Flask(__name__, static_folder=None)
    app.config["MAX_JSON_BYTES"] = app.config["MAX_CONTENT_LENGTH"] = 65536
    problems.register(app)
    with closing(Database(sqlite_settings(tmp_path))) as database:
        Base.metadata.create_all(database.engine)
        contents = Contents(database, Cache(Store(None)), writer, budget=10)
        shelves = Shelves.of(100, 100)
        app.register_blueprint(
            content.blueprint(
                Writing(contents, shelves),
                Presentations(contents, shelves.explanations, helpers=0),
                ImageTopicService(contents, 100),
                public("a test asks"),
            )
        )
        yield app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def test_subtopics_have_the_fields_of_the_front_end(client: FlaskClient, writer: Writer) -> None:
    answer = client.post("/api/create_subtopics", json={"topic": "C++ Programming"})
    told = answers.Subtopics.model_validate(body_of(answer))
    assert (told.count, len(told.subtopics), told.source) == (15, 15, "gemini")
    assert writer.tasks == [DivideTopic(topic="C++ Programming")]


def test_a_presentation_has_the_fields_of_the_front_end_in_its_order(
    client: FlaskClient, writer: Writer
) -> None:
    asked = {**PRESENTATION, "learningStyle": {}, "another": [1], "language": "fr"}
    told = answers.Presentation.model_validate(
        body_of(client.post("/api/create_presentation", json=asked))
    )
    assert [each.subtopic for each in told.explanations] == ["CI", "CD"]
    assert (told.success_count, told.failed_count) == (2, 0)
    assert all(each.explanation and each.error is None for each in told.explanations)
    assert writer.tasks == [
        Explain(
            topic="CI/CD",
            subtopic=subtopic,
            level="juniorLevel",
            words=100,
            language=Language.FRENCH,
        )
        for subtopic in ("CI", "CD")
    ]


def test_a_piece_that_failed_is_told_and_the_answer_is_a_success(
    client: FlaskClient, writer: Writer
) -> None:
    def before(task: Task[Any], _terms: Terms) -> None:
        if isinstance(task, Explain) and task.subtopic == "CD":
            raise AiError(Fault.UNUSABLE)

    writer.before = before
    answer = client.post("/api/create_presentation", json=PRESENTATION)
    told = answers.Presentation.model_validate(body_of(answer))
    assert (answer.status_code, told.success_count, told.failed_count) == (200, 1, 1)
    failed = told.explanations[1]
    assert failed.error == ANSWERS[Fault.UNUSABLE][1]
    assert (failed.explanation, failed.quality_score, failed.warnings) == ("", 0, [])


@pytest.mark.parametrize("fault", list(Fault))
def test_where_nothing_was_written_the_status_says_what_may_be_done(
    client: FlaskClient, writer: Writer, fault: Fault
) -> None:
    def before(_task: Task[Any], _terms: Terms) -> None:
        raise AiError(fault)

    writer.before = before
    status, sentence = ANSWERS[fault]
    for path, body in (
        ("/api/create_subtopics", {"topic": "CI/CD"}),
        ("/api/create_presentation", PRESENTATION),
        ("/api/quiz/generate", QUIZ),
        ("/api/recommendations", {"topic": "CI/CD"}),
    ):
        answer = client.post(path, json=body)
        assert (answer.status_code, body_of(answer)["message"]) == (status, sentence)
        assert ("Retry-After" in answer.headers) == (status != 422)


def test_a_quiz_is_a_bare_array(client: FlaskClient, writer: Writer) -> None:
    told = answers.Quiz.model_validate(body_of(client.post("/api/quiz/generate", json=QUIZ)))
    assert len(told.root) == 3
    assert all(question.correct_answer in question.options for question in told.root)
    asked = {**QUIZ, "count": 10, "education": " school "}
    assert len(body_of(client.post("/api/quiz/generate", json=asked))) == 10
    assert writer.tasks == [
        AskQuestions(topic="CI/CD", subtopic="CI", count=3),
        AskQuestions(topic="CI/CD", subtopic="CI", count=10, education="school"),
    ]


def test_recommendations_are_a_bare_array(client: FlaskClient, writer: Writer) -> None:
    answer = client.post("/api/recommendations", json={"topic": "CI/CD"})
    assert len(answers.Recommendations.model_validate(body_of(answer)).root) == 3
    assert writer.tasks == [Recommend(topic="CI/CD")]


def test_a_picture_is_named(client: FlaskClient, writer: Writer) -> None:
    form = {"image": (BytesIO(png(10, 10)), "water_cycle.png")}
    answer = client.post("/api/image2topic", data=form, headers={"Accept-Language": "de"})
    assert body_of(answer) == {
        "generated_topic": "water cycle",
        "quality_score": 1.0,
        "warnings": [],
        "source": "gemini",
    }
    [task] = writer.tasks
    assert isinstance(task, NamePicture)
    assert task.language is Language.GERMAN


def test_the_language_of_the_body_wins(client: FlaskClient, writer: Writer) -> None:
    german = {"Accept-Language": "de"}
    client.post("/api/create_subtopics", json={"topic": "x"}, headers=german)
    client.post("/api/create_subtopics", json={"topic": "y", "language": "fr"}, headers=german)
    assert writer.tasks == [
        DivideTopic(topic="x", language=Language.GERMAN),
        DivideTopic(topic="y", language=Language.FRENCH),
    ]


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("create_presentation", {**PRESENTATION, "focus": []}, "focus"),
        ("create_presentation", {**PRESENTATION, "focus": ["x"] * 21}, "focus"),
        ("create_presentation", {**PRESENTATION, "focus": ["x", 1]}, "focus.1"),
        ("create_presentation", {**PRESENTATION, "focus": ["x" * 201]}, "focus"),
        ("create_presentation", {**PRESENTATION, "focus": "x"}, "focus"),
        ("create_presentation", {**PRESENTATION, "educationLevel": "x" * 101}, "educationLevel"),
        ("create_presentation", {**PRESENTATION, "levelOfDetail": "\0"}, "levelOfDetail"),
        ("create_presentation", {**PRESENTATION, "levelOfDetail": None}, "levelOfDetail"),
        ("create_presentation", {"topic": "x"}, "educationLevel"),
        ("quiz/generate", {**QUIZ, "count": 0}, "count"),
        ("quiz/generate", {**QUIZ, "count": 11}, "count"),
        ("quiz/generate", {**QUIZ, "count": "3"}, "count"),
        ("quiz/generate", {"topic": "x"}, "subtopic"),
        ("quiz/generate", {**QUIZ, "education": "x" * 101}, "education"),
        ("recommendations", {}, "topic"),
        ("recommendations", {"topic": "\x1b[31m"}, "topic"),
    ],
)
def test_what_can_t_be_used_is_400_and_names_its_field(
    client: FlaskClient, writer: Writer, path: str, body: dict[str, Any], field: str
) -> None:
    answer = client.post(f"/api/{path}", json=body)
    assert answer.status_code == 400
    assert body_of(answer)["errors"][0]["field"] == field
    assert writer.asked == []


@pytest.mark.parametrize("style", [{}, [], 7, None, "x" * 101, "a\0b", True])
def test_a_style_that_is_no_short_text_is_none(
    client: FlaskClient, writer: Writer, style: object
) -> None:
    client.post("/api/create_presentation", json={**PRESENTATION, "learningStyle": style})
    assert {task.style for task in writer.tasks if isinstance(task, Explain)} == {""}


def test_quizzes_and_recommendations_are_for_users_whoever_may_have_the_rest(app: Flask) -> None:
    found = {
        endpoint.removeprefix("content."): policy.access
        for endpoint, view in app.view_functions.items()
        if (policy := policy_of(view)) is not None
    }
    assert found == {
        "create_subtopics": Access.PUBLIC,
        "create_presentation": Access.PUBLIC,
        "image2topic": Access.PUBLIC,
        "generate_quiz": Access.USER,
        "recommend": Access.USER,
    }
