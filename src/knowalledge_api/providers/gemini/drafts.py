"""What Gemini hands in, and what of it is accepted: an answer is believed when it was checked."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, cast

from pydantic import BaseModel, ValidationError

from knowalledge_api.providers.tasks import (
    OPTIONS,
    RECOMMENDATIONS,
    SUBTOPICS,
    AskQuestions,
    DivideTopic,
    Explain,
    Explanation,
    NamePicture,
    Question,
    Recommend,
    Recommendation,
    Result,
    Task,
)

LONGEST_LINE: Final = 300
LONGEST_TEXT: Final = 10_000
MOST_WORDS: Final = 5
FEWEST_SUBTOPICS: Final = 10
"""Fewer are no division of a topic; what lies between is told in the answer's quality."""


class UnusableError(ValueError):
    """The answer is not what was asked for."""


class Draft(BaseModel):
    """What is to come back, as the schema that goes with the prompt."""


class SubtopicsDraft(Draft):
    """Headings in the order in which they are learnt."""

    subtopics: list[str]


class ExplanationDraft(Draft):
    """An explanation of one subtopic."""

    explanation: str
    real_world_application: str
    youtube_search_query: str


class QuestionDraft(BaseModel):
    """One question."""

    question: str
    options: list[str]
    correct_answer: str
    explanation: str


class QuizDraft(Draft):
    """Questions about one subtopic."""

    questions: list[QuestionDraft]


class RecommendationDraft(BaseModel):
    """One subtopic to learn next."""

    subtopic: str
    reason: str


class RecommendationsDraft(Draft):
    """What to learn next."""

    recommendations: list[RecommendationDraft]


class PictureDraft(Draft):
    """The topic of a picture."""

    topic: str


def accepted(task: Task[Result], answer: str) -> Result:
    """What the task asked for, made of an answer's JSON; UnusableError where it isn't that."""
    kind = type(task)
    try:
        draft = SHAPES[kind].model_validate_json(answer)
    except ValidationError as error:
        raise UnusableError("it does not have the shape that was asked for") from error
    return cast("Result", ACCEPT[kind](task, draft))


def _subtopics(_: DivideTopic, draft: SubtopicsDraft) -> tuple[str, ...]:
    lines = (_line(each) for each in draft.subtopics)
    found = _different(line for line in lines if 0 < len(line) <= LONGEST_LINE)[:SUBTOPICS]
    _require(len(found) >= FEWEST_SUBTOPICS, "too few subtopics")
    return tuple(found)


def _explanation(_: Explain, draft: ExplanationDraft) -> Explanation:
    return Explanation(
        _required(_text(draft.explanation)),
        _required(_text(draft.real_world_application)),
        _required(_line(draft.youtube_search_query)[:LONGEST_LINE]),
    )


def _questions(task: AskQuestions, draft: QuizDraft) -> tuple[Question, ...]:
    found = {question.question: question for question in map(_question, draft.questions)}
    _require(len(found) >= task.count, "too few questions")
    return tuple(found.values())[: task.count]


def _question(draft: QuestionDraft) -> Question:
    options = [_required(_line(each)) for each in draft.options]
    _require(len(_different(options)) == len(options) == OPTIONS, "not four different options")
    wanted = _line(draft.correct_answer)
    right = [option for option in options if option == wanted] or [
        option for option in options if option.casefold() == wanted.casefold()
    ]
    _require(len(right) == 1, "the correct answer is none of the options")
    question, why = _required(_line(draft.question)), _required(_text(draft.explanation))
    return Question(question, tuple(options), right[0], why)


def _recommendations(_: Recommend, draft: RecommendationsDraft) -> tuple[Recommendation, ...]:
    found = {
        each.subtopic.casefold(): each
        for each in (
            Recommendation(_required(_line(one.subtopic)), _required(_text(one.reason)))
            for one in draft.recommendations
        )
    }
    _require(len(found) >= RECOMMENDATIONS, "too few recommendations")
    return tuple(found.values())[:RECOMMENDATIONS]


def _picture(_: NamePicture, draft: PictureDraft) -> str:
    topic = _line(draft.topic)
    _require(0 < len(topic.split()) <= MOST_WORDS, "no topic of one to five words")
    return _required(topic)


def _line(text: str) -> str:
    """Text on one line, without what is no text."""
    return " ".join(_text(text).split())


def _text(text: str) -> str:
    """Text whose lines may stay, without control characters."""
    _require(len(text) <= LONGEST_TEXT, "a text is endless")  # or to normalise it takes seconds
    is_text = (each == "\n" or unicodedata.category(each) not in {"Cc", "Cs"} for each in text)
    kept = (each if keeps else " " for each, keeps in zip(text, is_text, strict=True))
    return unicodedata.normalize("NFC", "".join(kept)).strip()


def _required(text: str) -> str:
    _require(bool(text), "a text is missing")
    return text


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise UnusableError(otherwise)


def _different(texts: Iterable[str]) -> list[str]:
    """The texts without those that say the same, in their order."""
    found: dict[str, str] = {}
    for text in texts:
        found.setdefault(text.casefold(), text)
    return list(found.values())


SHAPES: Final[Mapping[type[Task[Any]], type[Draft]]] = {
    DivideTopic: SubtopicsDraft,
    Explain: ExplanationDraft,
    AskQuestions: QuizDraft,
    Recommend: RecommendationsDraft,
    NamePicture: PictureDraft,
}
ACCEPT: Final[Mapping[type[Task[Any]], Callable[[Any, Any], Any]]] = {
    DivideTopic: _subtopics,
    Explain: _explanation,
    AskQuestions: _questions,
    Recommend: _recommendations,
    NamePicture: _picture,
}
