"""What a language must be able to say, and how a topic is named in it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from knowalledge_api.providers.tasks import SIGNS_A_WORD

JUNIOR: Final = "juniorLevel"
HIGH_SCHOOL: Final = "highSchoolLevel"
UNDERGRADUATE: Final = "undergradLevel"

LETTER: Final = r"[^\W\u3040-\u30ff\u3400-\u9fff]"
"""What makes a word together with its neighbours: no Chinese character and no kana."""
ISOLATED: Final = "\u2068{text}\u2069"
"""What stands between these two runs in its own direction, and turns nothing around it."""


@dataclass(frozen=True, slots=True)
class Voice:
    """How a lesson speaks to a level: its first and last words, and what it is searched by.

    `opening` is about {subject}; `search` has {words} to search for.
    """

    opening: str
    comparison: str
    closing: str
    search: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """A question about {subject}, its right answer, the wrong ones, and why it is right."""

    question: str
    right: str
    wrong: tuple[str, str, str]
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrases:
    """The words of a language; {name} is a subtopic, {subject} the same with its topic.

    Of each section a text may have the first sentences alone, so none looks ahead. `voices` are
    by level, `styles` by what a style is called, `reasons` in the order of the headings.
    """

    quoted: str
    within: str
    voices: Mapping[str, Voice]
    other: Voice
    styles: Mapping[str, str]
    sections: tuple[tuple[str, ...], ...]
    applications: tuple[str, ...]
    questions: tuple[Prepared, ...]
    reasons: tuple[str, ...]
    spaced: bool = True
    right_to_left: bool = False

    def name(self, text: str) -> str:
        """The text in the quotation marks of the language."""
        return self.quoted.format(text=_isolated(text, right_to_left=self.right_to_left))

    def subject(self, topic: str, subtopic: str) -> str:
        """The subtopic within its topic, which is named once where the subtopic names it."""
        if _names(subtopic, topic):
            return self.name(subtopic)
        return self.within.format(subtopic=self.name(subtopic), topic=self.name(topic))

    def words(self, topic: str, subtopic: str) -> str:
        """Both as one would type them to search for them."""
        return subtopic if _names(subtopic, topic) else f"{subtopic} {topic}"

    def length(self, text: str) -> float:
        """How many words the text has, or as much as so many."""
        words = text.split()
        return len(words) if self.spaced else sum(map(len, words)) / SIGNS_A_WORD

    def join(self, sentences: tuple[str, ...]) -> str:
        """One paragraph of them."""
        return (" " if self.spaced else "").join(sentences)


def _names(subtopic: str, topic: str) -> bool:
    """Whether the topic stands in the subtopic, and not as a few letters of another word."""
    sought = re.escape(topic.casefold())
    found = re.search(f"(?<!{LETTER}){sought}(?!{LETTER})", subtopic.casefold())
    return found is not None


def _isolated(text: str, *, right_to_left: bool) -> str:
    foreign = {"L"} if right_to_left else {"R", "AL"}
    if foreign.isdisjoint(map(unicodedata.bidirectional, text)):
        return text
    return ISOLATED.format(text=text)
