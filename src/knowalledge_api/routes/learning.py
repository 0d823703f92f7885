"""What a learner hands in, and their progress."""

from __future__ import annotations

from typing import Annotated, Any, Final

from flask import Blueprint, Response, request
from pydantic import BaseModel, Field, StrictInt, StrictStr

from knowalledge_api.auth.policy import require_auth
from knowalledge_api.database.models.progress import LONGEST_DIFFICULTY
from knowalledge_api.routes.bodies import json_body
from knowalledge_api.routes.content import PLAIN, Topic
from knowalledge_api.routes.door import current_principal
from knowalledge_api.routes.repeats import repeatable, respond
from knowalledge_api.services.idempotency import Answer, Idempotency
from knowalledge_api.services.learning import HandedIn, Learning

MOST_QUESTIONS: Final = 10_000


class Submission(BaseModel):
    """A quiz and how it went; other members are ignored."""

    topic: Topic
    score: Annotated[StrictInt, Field(ge=0, le=MOST_QUESTIONS)]
    total: Annotated[StrictInt, Field(ge=1, le=MOST_QUESTIONS)]
    subtopic: Topic | None = None
    difficulty: Annotated[StrictStr, Field(max_length=LONGEST_DIFFICULTY, pattern=PLAIN)] | None = (
        None
    )


def blueprint(learning: Learning, idempotency: Idempotency) -> Blueprint:
    """The routes of what is a learner's own."""
    routes = Blueprint("learning", __name__, url_prefix="/api")

    @routes.post("/quiz/submit")
    @require_auth()
    def submit_quiz() -> Response:
        asked = json_body(Submission)
        quiz = HandedIn(asked.topic, asked.subtopic, asked.difficulty, asked.score, asked.total)
        who = current_principal()

        def submit(session: Any) -> Answer:
            level = learning.submit(session, who.number, quiz)
            return Answer(200, {"status": "success", "mastery_level": level})

        return respond(idempotency.once(repeatable(asked), submit))

    @routes.get("/progress")
    @require_auth()
    def progress() -> Response:
        who = current_principal()
        found = learning.progress(who.number, request.args.get("topic"))
        rows = [
            {
                "user_id": who.user_id,
                "topic": each.topic,
                "subtopic": each.subtopic,
                "mastery_level": each.mastery_level,
                "last_accessed": each.last_accessed_at,
            }
            for each in found
        ]
        return respond(Answer(200, rows))

    return routes
