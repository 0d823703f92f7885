"""What a learner handed in, and what is known of it since."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from knowalledge_api.database import Database
from knowalledge_api.database.learning import Known, Result, keep_result, known_by
from knowalledge_api.database.models.columns import utc_now
from knowalledge_api.errors import ApiError, FieldProblem
from knowalledge_api.services.topics import digest, normalise_topic

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

WELL: Final = 80
HALF: Final = 50
"""Percent from which a subtopic is known well (3), and half (2); below it is 1."""


@dataclass(frozen=True, slots=True)
class HandedIn:
    """A quiz as it was sent."""

    topic: str
    subtopic: str | None
    difficulty: str | None
    score: int
    total: int


class Learning:
    """Keeps what learners hand in, each their own."""

    def __init__(self, database: Database, now: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._now = now

    def submit(self, session: Session, user: int, quiz: HandedIn) -> int:
        """Keep a quiz in this transaction; the mastery level. ApiError 400 where it can't be."""
        if quiz.score > quiz.total:
            problem = FieldProblem("score", f"at most the total of {quiz.total}")
            raise ApiError(400, "The score is larger than the total.", (problem,))
        topic = normalise_topic(quiz.topic)
        part = (quiz.subtopic or "").strip()
        subtopic = normalise_topic(part, "subtopic") if part else None
        level = mastery(quiz.score, quiz.total)
        result = Result(
            user=user,
            topic=topic,
            topic_digest=digest(topic),
            subtopic=subtopic,
            subtopic_digest=digest(subtopic or ""),
            difficulty=quiz.difficulty,
            score=quiz.score,
            total=quiz.total,
            mastery_level=level,
            at=self._now(),
        )
        keep_result(session, result)
        return level

    def progress(self, user: int, topic: str | None = None) -> tuple[Known, ...]:
        """What a learner knows of a topic, or of all; ApiError 400 where it is none."""
        wanted = None if topic is None else digest(normalise_topic(topic))
        with self._database.session() as session:
            return known_by(session, user, wanted)


def mastery(score: int, total: int) -> int:
    """3 from 80 percent, 2 from 50, else 1. Source: the API's documentation."""
    percent = 100 * score / total
    return 3 if percent >= WELL else 2 if percent >= HALF else 1
