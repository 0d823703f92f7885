"""Learning content: what a topic divides into, and what a picture is about."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

from flask import Blueprint, Response, jsonify, request
from pydantic import BaseModel, Field, StrictInt, StrictStr

from knowalledge_api.auth.policy import Declaration, require_auth
from knowalledge_api.providers.tasks import Explanation, Language
from knowalledge_api.routes.bodies import json_body
from knowalledge_api.routes.door import recognised_principal
from knowalledge_api.routes.kept import kept
from knowalledge_api.routes.languages import chosen_language
from knowalledge_api.routes.uploads import uploaded
from knowalledge_api.services.image_topics import ImageTopicService
from knowalledge_api.services.presentations import Piece, Presentations, Wish
from knowalledge_api.services.topics import LONGEST
from knowalledge_api.services.writing import QuizWish, Writing

TOPIC: Final = {
    "minLength": 1,
    "maxLength": LONGEST,
    "pattern": r"^[^\u0000-\u001f\u007f-\u009f]*\S[^\u0000-\u001f\u007f-\u009f]*$",
}
"""What normalise_topic takes, in the words of JSON Schema; of trimmed text."""


Topic = Annotated[StrictStr, Field(json_schema_extra={**TOPIC})]
LONGEST_NAME: Final = 100
PLAIN: Final = r"^[^\u0000-\u001f\u007f-\u009f]*$"
"""Text without control characters."""
Named = Annotated[StrictStr, Field(max_length=LONGEST_NAME, pattern=PLAIN)]
"""One of the front end's names, or any other short text."""
_PLAIN: Final = re.compile(PLAIN)
MOST_PIECES: Final = 20
MOST_QUESTIONS: Final = 10


class SubtopicsRequest(BaseModel):
    """What is asked; other members are ignored."""

    topic: Topic
    language: Any = None


class ImageRequest(BaseModel):
    """A form with one file: PNG, JPEG, GIF or WebP; other fields are passed over."""

    image: bytes


class PresentationRequest(BaseModel):
    """Subtopics to be explained; a style that is no text is none."""

    topic: Topic
    educationLevel: Named  # noqa: N815 -- the front end's name
    levelOfDetail: Named  # noqa: N815 -- likewise
    focus: Annotated[list[Topic], Field(min_length=1, max_length=MOST_PIECES)]
    learningStyle: Any = None  # noqa: N815 -- likewise
    language: Any = None


class QuizRequest(BaseModel):
    """A quiz to be made."""

    topic: Topic
    subtopic: Topic
    count: Annotated[StrictInt, Field(ge=1, le=MOST_QUESTIONS)] = 3
    education: Named | None = None
    language: Any = None


class RecommendationsRequest(BaseModel):
    """A topic to go on with."""

    topic: Topic
    language: Any = None


def blueprint(
    writing: Writing,
    presentations: Presentations,
    image_topics: ImageTopicService,
    policy: Declaration,
) -> Blueprint:
    """The routes that answer with generated content; those for anybody are under the policy."""
    routes = Blueprint("content", __name__, url_prefix="/api")

    @routes.post("/create_subtopics")
    @policy
    @kept("cache_ttl_subtopics")
    def create_subtopics() -> Response:
        asked = json_body(SubtopicsRequest)
        answer = writing.divide(asked.topic, _language(asked.language), _user())
        return jsonify(
            subtopics=answer.body,
            count=len(answer.body),
            quality_score=answer.quality_score,
            warnings=answer.warnings,
            source=answer.source,
        )

    @routes.post("/create_presentation")
    @policy
    @kept("cache_ttl_subtopics")
    def create_presentation() -> Response:
        asked = json_body(PresentationRequest)
        wish = Wish(
            topic=asked.topic,
            focus=tuple(asked.focus),
            level=asked.educationLevel.strip(),
            detail=asked.levelOfDetail.strip(),
            style=_style(asked.learningStyle),
            language=_language(asked.language),
        )
        pieces = presentations.present(wish, _user())
        failed = sum(piece.content is None for piece in pieces)
        return jsonify(
            explanations=[_told(piece) for piece in pieces],
            success_count=len(pieces) - failed,
            failed_count=failed,
        )

    @routes.post("/image2topic")
    @policy
    def image2topic() -> Response:
        upload = uploaded("image")
        answer = image_topics.name(upload.data, upload.name, _language(None), _user())
        return jsonify(
            generated_topic=answer.generated_topic,
            quality_score=answer.quality_score,
            warnings=answer.warnings,
            source=answer.source,
        )

    _for_users(routes, writing)
    return routes


def _for_users(routes: Blueprint, writing: Writing) -> None:
    """What is for users alone, whatever REQUIRE_AUTH_FOR_GENERATION says."""

    @routes.post("/quiz/generate")
    @require_auth(reason="what it has written is paid for")
    @kept("cache_ttl_quiz")
    def generate_quiz() -> Response:
        asked = json_body(QuizRequest)
        education = (asked.education or "").strip()
        language = _language(asked.language)
        wish = QuizWish(asked.topic, asked.subtopic, asked.count, education, language)
        return jsonify(writing.ask_questions(wish, _user()).body)

    @routes.post("/recommendations")
    @require_auth(reason="what it has written is paid for")
    @kept("cache_ttl_quiz")
    def recommend() -> Response:
        asked = json_body(RecommendationsRequest)
        return jsonify(writing.recommend(asked.topic, _language(asked.language), _user()).body)


def _language(wanted: object) -> Language:
    return chosen_language(wanted, request.environ.get("HTTP_ACCEPT_LANGUAGE", ""))


def _user() -> int | None:
    """Whose tokens are counted; None for a stranger."""
    principal = recognised_principal()
    return None if principal is None else principal.number


def _style(wanted: object) -> str:
    """A short text, or none: the front end sends an empty object where nothing was chosen."""
    if not isinstance(wanted, str) or len(wanted) > LONGEST_NAME or not _PLAIN.match(wanted):
        return ""
    return wanted.strip()


def _told(piece: Piece) -> dict[str, Any]:
    content = piece.content
    written = Explanation("", "", "") if content is None else content.body
    return {
        "subtopic": piece.subtopic,
        "explanation": written.explanation,
        "real_world_application": written.real_world_application,
        "youtube_search_query": written.youtube_search_query,
        "error": piece.error,
        "quality_score": 0.0 if content is None else content.quality_score,
        "warnings": () if content is None else content.warnings,
    }
