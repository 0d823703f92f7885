"""A writer of content whose calls are counted, and those that fail."""

from __future__ import annotations

from dataclasses import dataclass

from knowalledge_api.metrics.recording import AI_CALLS, LabelledCounter
from knowalledge_api.providers.protocol import ContentProvider, Language


@dataclass(frozen=True, slots=True)
class CountedProvider:
    """Does what another writer does, and counts it by outcome: ok or failed."""

    provider: ContentProvider
    counter: LabelledCounter = AI_CALLS

    @property
    def source(self) -> str:
        """The writer's name."""
        return self.provider.source

    def subtopics(self, topic: str, language: Language) -> tuple[str, ...]:
        """What the writer makes of the topic; raises as it does."""
        try:
            made = self.provider.subtopics(topic, language)
        except BaseException:
            self.counter.labels(self.source, "failed").inc()
            raise
        self.counter.labels(self.source, "ok").inc()
        return made
