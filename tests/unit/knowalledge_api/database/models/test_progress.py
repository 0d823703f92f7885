"""What a learner answered, and how well a subtopic is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy.exc import IntegrityError

from knowalledge_api.database.models import Progress, QuizResult, User
from knowalledge_api.services.topics import digest

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def progress_of(user: User, subtopic: str | None) -> Progress:
    return Progress(
        user_id=user.id,
        topic_digest=digest("力"),
        subtopic_digest=digest(subtopic or ""),
        topic="力",
        subtopic=subtopic,
        mastery_level=1,
        last_accessed_at=user.created_at,
    )


def test_no_subtopic_is_one_place_too(session: Session, ada: User) -> None:
    session.add_all([progress_of(ada, None), progress_of(ada, "quanta")])
    session.flush()
    session.add(progress_of(ada, None))
    with pytest.raises(IntegrityError, match="UNIQUE"):
        session.flush()


@pytest.mark.parametrize(("score", "total"), [(99, 3), (-1, 3), (0, 0)])
def test_a_score_that_can_not_be_is_refused(
    session: Session, ada: User, score: int, total: int
) -> None:
    result = QuizResult(
        user_id=ada.id, topic="力", score=score, total=total, mastery_level=1,
        created_at=ada.created_at,
    )  # fmt: skip
    session.add(result)
    with pytest.raises(IntegrityError, match=r"ck_quiz_results_(score|total)"):
        session.flush()
