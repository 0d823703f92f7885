"""What can be asked of a writer of content: one task a kind, with all that shapes its answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Generic, TypeVar

Result = TypeVar("Result")

SUBTOPICS: Final = 15
"""How many subtopics a topic is divided into: the front end shows as many."""
OPTIONS: Final = 4
"""How many answers a question offers, of which one is right."""
RECOMMENDATIONS: Final = 3


class Language(StrEnum):
    """The languages of the front end, by their ISO 639-1 codes."""

    ENGLISH = "en"
    SPANISH = "es"
    FRENCH = "fr"
    GERMAN = "de"
    CHINESE = "zh"
    JAPANESE = "ja"
    ARABIC = "ar"
    HEBREW = "he"
    PERSIAN = "fa"
    URDU = "ur"


UNSPACED: Final = frozenset({Language.CHINESE, Language.JAPANESE})
"""Languages that part no words by blanks: a text's length is told by its signs."""
SIGNS_A_WORD: Final = 1.6
"""As many signs of these say about as much as a word does elsewhere."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A file that has been found to be a picture, and what its sender calls it, in plain words.

    `digest` is the same for the same bytes; `media_type` is what the bytes themselves tell.
    """

    data: bytes = field(repr=False)
    digest: str
    words: tuple[str, ...] = ()
    media_type: str = "image/png"


@dataclass(frozen=True, slots=True)
class Explanation:
    """A subtopic explained: the text, where one meets it in life, and what to look for as video."""

    explanation: str
    real_world_application: str
    youtube_search_query: str


@dataclass(frozen=True, slots=True)
class Question:
    """A question with four options, one of which is `correct_answer` to the letter."""

    question: str
    options: tuple[str, ...]
    correct_answer: str
    explanation: str


@dataclass(frozen=True, slots=True)
class Recommendation:
    """What to learn next, and why."""

    subtopic: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Task(Generic[Result]):
    """Something to be written in a language; the type parameter is what it gives."""

    language: Language = Language.ENGLISH


@dataclass(frozen=True, slots=True, kw_only=True)
class DivideTopic(Task[tuple[str, ...]]):
    """SUBTOPICS headings that divide the topic, in the order in which they are learnt."""

    topic: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explain(Task[Explanation]):
    """Explain a subtopic of a topic; `words` is about how long the text is to be.

    `level` and `style` are the front end's names or any short text; an empty style is none.
    """

    topic: str
    subtopic: str
    level: str
    words: int
    style: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskQuestions(Task[tuple[Question, ...]]):
    """`count` questions about a subtopic, for an education that may be empty."""

    topic: str
    subtopic: str
    count: int
    education: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommend(Task[tuple[Recommendation, ...]]):
    """RECOMMENDATIONS subtopics of a topic that are worth learning next."""

    topic: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NamePicture(Task[str]):
    """What a picture is about, in 1 to 5 words."""

    picture: Picture
