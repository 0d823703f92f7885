"""What each route is for, takes and answers: one row a route, by the name of its view."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from knowalledge_api.metrics import exposition
from knowalledge_api.routes import auth, content, learning, operations
from knowalledge_api.routes.openapi import answers
from knowalledge_api.routes.uploads import MULTIPART

if TYPE_CHECKING:
    from pydantic import BaseModel

JSON: Final = "application/json"
HTML: Final = "text/html; charset=utf-8"
ANY_OBJECT: Final[Mapping[str, Any]] = {"type": "object"}
TEXT: Final[Mapping[str, Any]] = {"type": "string"}


@dataclass(frozen=True, slots=True)
class Body:
    """What is sent or answered: a model, or a schema as it stands; empty where there is nothing."""

    shape: type[BaseModel] | Mapping[str, Any] | None
    media_type: str = JSON
    headers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Operation:
    """What a person has to know of a route, and what neither its rule nor its policy tells.

    `errors` are the statuses of its own, besides those that follow from policy, body and rule.
    `media_type` is the request's.
    `bodiless`: the body may be left out. `repeatable`: it honours Idempotency-Key. `path` narrows
    parameters of the rule, `query` has those behind the question mark.
    """

    summary: str
    answers: Mapping[int, Body]
    request: type[BaseModel] | None = None
    media_type: str = JSON
    errors: tuple[int, ...] = ()
    repeatable: bool = False
    bodiless: bool = False
    path: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    query: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    example: Mapping[str, Any] = field(default_factory=dict)


def _ok(model: type[BaseModel], status: int = 200) -> Mapping[int, Body]:
    return {status: Body(model)}


BREAKER: Final[Mapping[str, Mapping[str, Any]]] = {
    "name": {"type": "string", "enum": ["redis", "gemini"]}
}
OF_THE_AI: Final = (422, 502, 504)
"""What the AI may decline to write about, fail at, or take too long for."""
NOT_MODIFIED: Final = Body(None, headers=("ETag",))

OPERATIONS: Final[Mapping[str, Operation]] = {
    "health.health": Operation("Does the process answer?", _ok(answers.Alive)),
    "health.ready": Operation(
        "Should requests come here?",
        {200: Body(answers.Ready), 503: Body(answers.Ready, headers=("Retry-After",))},
    ),
    "content.create_subtopics": Operation(
        "Divide a topic into subtopics",
        _ok(answers.Subtopics),
        content.SubtopicsRequest,
        errors=OF_THE_AI,
        example={"topic": "C++ Programming", "language": "en"},
    ),
    "content.image2topic": Operation(
        "Name the topic of a picture",
        _ok(answers.ImageTopic),
        content.ImageRequest,
        media_type=MULTIPART,
        errors=OF_THE_AI,
    ),
    "content.create_presentation": Operation(
        "Explain subtopics; those that fail are told beside the others",
        _ok(answers.Presentation),
        content.PresentationRequest,
        errors=OF_THE_AI,
        example={
            "topic": "Newton's laws",
            "educationLevel": "highSchoolLevel",
            "levelOfDetail": "mediumDetail",
            "focus": ["Inertia", "Action and reaction"],
        },
    ),
    "content.generate_quiz": Operation(
        "Make a quiz",
        _ok(answers.Quiz),
        content.QuizRequest,
        errors=OF_THE_AI,
        example={"topic": "Photosynthesis", "subtopic": "Light", "count": 3},
    ),
    "content.recommend": Operation(
        "Say what of a topic is worth learning next",
        _ok(answers.Recommendations),
        content.RecommendationsRequest,
        errors=OF_THE_AI,
        example={"topic": "CI/CD"},
    ),
    "learning.submit_quiz": Operation(
        "Hand in a quiz",
        _ok(answers.Submitted),
        learning.Submission,
        repeatable=True,
        example={"topic": "Photosynthesis", "subtopic": "Light", "score": 2, "total": 3},
    ),
    "learning.progress": Operation(
        "What the caller knows, of one topic or of all",
        _ok(answers.ProgressList),
        query={"topic": {"type": "string", **content.TOPIC}},
    ),
    "auth.register": Operation(
        "Register a user, whose key is shown once",
        _ok(answers.Registered, 201),
        auth.Registration,
        errors=(403,),
        repeatable=True,
        example={"user_id": "ada", "quota_tier": "free"},
    ),
    "auth.login": Operation(
        "Exchange an API key for a token",
        _ok(answers.LoggedIn),
        auth.Credentials,
        errors=(401, 403),
        example={"api_key": "sk_"},
    ),
    "auth.validate": Operation("Whose credential is this?", _ok(answers.Validated)),
    "auth.logout": Operation("Revoke the token", _ok(answers.Said)),
    "auth.generate_key": Operation(
        "Generate a key for a user, made where there is none; who is there already is never raised",
        _ok(answers.Generated, 201),
        auth.KeyFor,
        repeatable=True,
        example={"user_id": "ada", "quota_tier": "premium", "role": "user"},
    ),
    "auth.own_keys": Operation("List the caller's keys", _ok(answers.OwnKeys)),
    "auth.revoke_key": Operation(
        "Revoke one of the caller's keys", _ok(answers.Revoked), repeatable=True
    ),
    "operations.clear_cache": Operation(
        "Drop what was generated before, all of it or a namespace",
        _ok(answers.Cleared),
        operations.ClearRequest,
        bodiless=True,
        example={"namespace": "subtopics"},
    ),
    "operations.breaker_state": Operation(
        "Is a part asked, or given time to come back?", _ok(answers.BreakerState), path=BREAKER
    ),
    "operations.reset_breaker": Operation(
        "Have a part asked now instead of later", _ok(answers.BreakerState), path=BREAKER
    ),
    "admin.live": Operation("The live state of every worker", _ok(answers.LiveState)),
    "metrics.prometheus": Operation(
        "All series, for Prometheus", {200: Body(TEXT, exposition.CONTENT_TYPE)}
    ),
    "metrics.numbers": Operation("What was counted, as JSON", _ok(answers.Statistics)),
    "description.document": Operation(
        "This description",
        {200: Body(ANY_OBJECT, headers=("ETag",)), 304: NOT_MODIFIED},
    ),
    "description.page": Operation(
        "A page to read it", {200: Body(TEXT, HTML, ("ETag",)), 304: NOT_MODIFIED}
    ),
}
