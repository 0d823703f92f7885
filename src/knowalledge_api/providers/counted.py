"""A writer of content whose calls are counted, and those that fail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from knowalledge_api.metrics.recording import AI_CALLS, LabelledCounter
from knowalledge_api.providers.offline import OFFLINE
from knowalledge_api.providers.protocol import ContentProvider, Language, Picture

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class CountedProvider:
    """Does what another writer does, and counts it by outcome: ok or failed.

    What is written offline is no call to an AI, and is not counted.
    """

    provider: ContentProvider
    counter: LabelledCounter = AI_CALLS

    @property
    def source(self) -> str:
        """The writer's name."""
        return self.provider.source

    def subtopics(self, topic: str, language: Language) -> tuple[str, ...]:
        """What the writer makes of the topic; raises as it does."""
        return self._counted(lambda: self.provider.subtopics(topic, language))

    def picture_topic(self, picture: Picture, language: Language) -> str:
        """What the writer makes of the picture; raises as it does."""
        return self._counted(lambda: self.provider.picture_topic(picture, language))

    def _counted(self, write: Callable[[], Made]) -> Made:
        try:
            made = write()
        except BaseException:
            self._count("failed")
            raise
        self._count("ok")
        return made

    def _count(self, outcome: str) -> None:
        if self.source != OFFLINE:
            self.counter.labels(self.source, outcome).inc()
