"""How good content is, as far as its form tells: from 0 to 1, and what is amiss in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from knowalledge_api.providers.tasks import (
    SIGNS_A_WORD,
    SUBTOPICS,
    UNSPACED,
    DivideTopic,
    Explain,
    Explanation,
    Language,
    Task,
)

LONGEST_HEADING: Final = 300
TOLERATED: Final = 0.6
"""The share of the asked length from which a text counts as long enough."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """A score from 0 to 1, and the reasons where it is less."""

    score: float
    warnings: tuple[str, ...] = ()


GOOD: Final = Judgement(1.0)


def judge(task: Task[Any], body: Any) -> Judgement:
    """What is to be said of what was written for a task."""
    judging = _JUDGES.get(type(task))
    return GOOD if judging is None else judging(task, body)


def length(text: str, language: Language) -> float:
    """How long a text is, in words."""
    words = text.split()
    return sum(map(len, words)) / SIGNS_A_WORD if language in UNSPACED else len(words)


def _subtopics(_: DivideTopic, subtopics: tuple[str, ...]) -> Judgement:
    """The share of the wanted headings that are there, differ, and are of a readable length."""
    readable = {each.casefold() for each in subtopics if 0 < len(each.strip()) <= LONGEST_HEADING}
    score = round(min(1.0, len(readable) / SUBTOPICS), 2)
    return _judged(score, 1.0, "Some subtopics are missing, repeated or too long.")


def _explanation(task: Explain, body: Explanation) -> Judgement:
    """The share of the wanted length."""
    score = round(min(1.0, length(body.explanation, task.language) / task.words), 2)
    return _judged(score, TOLERATED, "The explanation is shorter than was asked for.")


def _judged(score: float, enough: float, warning: str) -> Judgement:
    return Judgement(score) if score >= enough else Judgement(score, (warning,))


_JUDGES: Final[Mapping[type[Task[Any]], Callable[[Any, Any], Judgement]]] = {
    DivideTopic: _subtopics,
    Explain: _explanation,
}
