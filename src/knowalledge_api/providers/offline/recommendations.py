"""What to learn next: a heading from each stage of a topic, with a reason."""

from __future__ import annotations

from typing import Final

from knowalledge_api.providers.offline.chance import picked
from knowalledge_api.providers.offline.headings import divide
from knowalledge_api.providers.offline.phrasebook import PHRASEBOOK
from knowalledge_api.providers.tasks import (
    RECOMMENDATIONS,
    SUBTOPICS,
    DivideTopic,
    Recommend,
    Recommendation,
)

STAGE: Final = SUBTOPICS // RECOMMENDATIONS
"""As many headings are a stage of learning: foundations, parts and examples, a wider view."""


def recommend(task: Recommend) -> tuple[Recommendation, ...]:
    """One heading of each stage, in the order of learning; the topic decides which."""
    headings = divide(DivideTopic(topic=task.topic, language=task.language))
    reasons = PHRASEBOOK[task.language].reasons
    worthwhile = tuple(map(Recommendation, headings, reasons))
    return tuple(
        picked(worthwhile[start : start + STAGE], task.topic, str(start))
        for start in range(0, STAGE * RECOMMENDATIONS, STAGE)
    )
