"""What every writer of content can do, and the languages it writes in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

SUBTOPICS: Final = 15
"""How many subtopics a topic is divided into: the front end shows as many."""


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


@dataclass(frozen=True, slots=True)
class Picture:
    """A file that has been found to be a picture, and what its sender calls it, in plain words.

    `digest` is the same for the same bytes.
    """

    data: bytes
    digest: str
    words: tuple[str, ...] = ()


class ContentProvider(Protocol):
    """A writer of content; `source` names it in every answer."""

    @property
    def source(self) -> str:
        """Its name, and part of what its content is kept under."""
        ...

    def subtopics(self, topic: str, language: Language) -> tuple[str, ...]:
        """SUBTOPICS headings that divide the topic, in the order in which they are learnt."""
        ...

    def picture_topic(self, picture: Picture, language: Language) -> str:
        """What a picture is about, in 1 to 5 words."""
        ...
