"""Content without a network: the same for the same topic, at once, and plainly marked."""

from __future__ import annotations

from typing import Final

from knowalledge_api.providers.headings import HEADINGS
from knowalledge_api.providers.protocol import Language, Picture

OFFLINE: Final = "offline"
PICTURE_TOPICS: Final = (
    *("Photosynthesis", "The Water Cycle", "Human Anatomy", "Plate Tectonics", "Ancient Rome"),
    *("The Solar System", "Geometry of Triangles", "Electric Circuits", "World Map Reading"),
    *("Cell Structure", "Simple Machines", "Food Chains", "Renaissance Painting"),
    *("Periodic Table", "Weather and Climate", "Music Notation"),
)
"""What pictures in schoolbooks are about; one is taken by the digest of the file."""


class OfflineProvider:
    """Writes from templates; good enough to develop a front end and to run tests against."""

    source = OFFLINE

    def subtopics(self, topic: str, language: Language) -> tuple[str, ...]:
        """The headings of the language, about the topic."""
        return tuple(heading.format(topic=topic) for heading in HEADINGS[language])

    def picture_topic(self, picture: Picture, _language: Language) -> str:
        """The words of the file's name, else a topic that only the file's bytes decide."""
        if picture.words:
            return " ".join(picture.words)
        return PICTURE_TOPICS[int(picture.digest[:8], 16) % len(PICTURE_TOPICS)]
