"""Content without a network: the same for the same topic, at once, and plainly marked."""

from __future__ import annotations

from knowalledge_api.providers.headings import HEADINGS
from knowalledge_api.providers.protocol import Language


class OfflineProvider:
    """Writes from templates; good enough to develop a front end and to run tests against."""

    source = "offline"

    def subtopics(self, topic: str, language: Language) -> tuple[str, ...]:
        """The headings of the language, about the topic."""
        return tuple(heading.format(topic=topic) for heading in HEADINGS[language])
