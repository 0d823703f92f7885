"""Learning content: what a topic divides into, and what a picture is about."""

from __future__ import annotations

from typing import Annotated, Any, Final

from flask import Blueprint, Response, jsonify, request
from pydantic import BaseModel, Field, StrictStr

from knowalledge_api.auth.policy import Declaration
from knowalledge_api.routes.bodies import json_body
from knowalledge_api.routes.kept import kept
from knowalledge_api.routes.languages import chosen_language
from knowalledge_api.routes.uploads import uploaded
from knowalledge_api.services.image_topics import ImageTopicService
from knowalledge_api.services.subtopics import SubtopicsService
from knowalledge_api.services.topics import LONGEST

TOPIC: Final = {
    "minLength": 1,
    "maxLength": LONGEST,
    "pattern": r"^[^\u0000-\u001f\u007f-\u009f]*\S[^\u0000-\u001f\u007f-\u009f]*$",
}
"""What normalise_topic takes, in the words of JSON Schema; of trimmed text."""


class SubtopicsRequest(BaseModel):
    """What is asked; other members are ignored."""

    topic: Annotated[StrictStr, Field(json_schema_extra={**TOPIC})]
    language: Any = None


class ImageRequest(BaseModel):
    """A form with one file: PNG, JPEG, GIF or WebP; other fields are passed over."""

    image: bytes


def blueprint(
    subtopics: SubtopicsService, image_topics: ImageTopicService, policy: Declaration
) -> Blueprint:
    """The routes that answer with generated content, each under the policy given."""
    routes = Blueprint("content", __name__, url_prefix="/api")

    @routes.post("/create_subtopics")
    @policy
    @kept("cache_ttl_subtopics")
    def create_subtopics() -> Response:
        asked = json_body(SubtopicsRequest)
        language = chosen_language(asked.language, request.headers.get("Accept-Language", ""))
        answer = subtopics.divide(asked.topic, language)
        return jsonify(
            subtopics=answer.subtopics,
            count=len(answer.subtopics),
            quality_score=answer.quality_score,
            warnings=answer.warnings,
            source=answer.source,
        )

    @routes.post("/image2topic")
    @policy
    def image2topic() -> Response:
        upload = uploaded("image")
        language = chosen_language(None, request.headers.get("Accept-Language", ""))
        answer = image_topics.name(upload.data, upload.name, language)
        return jsonify(
            generated_topic=answer.generated_topic,
            quality_score=answer.quality_score,
            warnings=answer.warnings,
            source=answer.source,
        )

    return routes
