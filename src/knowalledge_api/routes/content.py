"""Learning content: what a topic divides into."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request
from pydantic import BaseModel, StrictStr

from knowalledge_api.auth.policy import public
from knowalledge_api.routes.bodies import json_body
from knowalledge_api.routes.languages import chosen_language
from knowalledge_api.services.subtopics import SubtopicsService


class SubtopicsRequest(BaseModel):
    """What is asked; other members are ignored."""

    topic: StrictStr
    language: Any = None


def blueprint(subtopics: SubtopicsService) -> Blueprint:
    """The routes that answer with generated content."""
    routes = Blueprint("content", __name__, url_prefix="/api")

    @routes.post("/create_subtopics")
    @public("learners may try the platform before they register")
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

    return routes
