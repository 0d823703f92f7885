"""Learning content."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, cast

import pytest
from flask import Flask

from knowalledge_api.auth.policy import public
from knowalledge_api.providers.offline import OfflineProvider
from knowalledge_api.providers.protocol import Language
from knowalledge_api.routes import content
from knowalledge_api.services.image_topics import ImageTopicService
from knowalledge_api.services.subtopics import Subtopics, SubtopicsService
from tests.support.answers import body_of
from tests.support.pictures import png

if TYPE_CHECKING:
    from flask.testing import FlaskClient


class Service:
    def __init__(self) -> None:
        self.asked: list[tuple[str, Language]] = []

    def divide(self, text: str, language: Language) -> Subtopics:
        self.asked.append((text, language))
        return Subtopics(("a", "b"), 0.13, ("few",), "offline")


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def client(service: Service) -> FlaskClient:
    app = Flask(__name__, static_folder=None)
    app.config["MAX_JSON_BYTES"] = 1024
    app.config["MAX_CONTENT_LENGTH"] = 1024
    app.register_blueprint(
        content.blueprint(
            cast("SubtopicsService", service),
            ImageTopicService(OfflineProvider(), 100),
            public("a test asks"),
        )
    )
    return app.test_client()


def test_the_answer_has_the_fields_of_the_front_end(client: FlaskClient) -> None:
    answer = client.post("/api/create_subtopics", json={"topic": "x"})
    assert body_of(answer) == {
        "subtopics": ["a", "b"],
        "count": 2,
        "quality_score": 0.13,
        "warnings": ["few"],
        "source": "offline",
    }


def test_the_language_of_the_body_wins(client: FlaskClient, service: Service) -> None:
    german = {"Accept-Language": "de"}
    client.post("/api/create_subtopics", json={"topic": "x"}, headers=german)
    client.post("/api/create_subtopics", json={"topic": "y", "language": "fr"}, headers=german)
    assert service.asked == [("x", Language.GERMAN), ("y", Language.FRENCH)]


def test_a_picture_is_named_by_the_words_of_its_file(client: FlaskClient) -> None:
    form = {"image": (BytesIO(png(10, 10)), "water_cycle.png")}
    assert body_of(client.post("/api/image2topic", data=form)) == {
        "generated_topic": "water cycle",
        "quality_score": 0.1,
        "warnings": ["This topic was chosen offline, without looking at the picture."],
        "source": "offline",
    }
