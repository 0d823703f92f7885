"""Divide a topic into subtopics: from memory, from the database, or newly written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from knowalledge_api.cache import Cache
from knowalledge_api.cache.shared import Made
from knowalledge_api.database import Database
from knowalledge_api.database.contents import Content, find_content, store_content
from knowalledge_api.database.models.columns import utc_now
from knowalledge_api.providers.protocol import SUBTOPICS, ContentProvider, Language
from knowalledge_api.services.topics import digest, normalise_topic

NAMESPACE: Final = "subtopics"
FROM_CACHE: Final = "cache"
LONGEST_HEADING: Final = 300


@dataclass(frozen=True, slots=True)
class Subtopics:
    """The subtopics in the order in which they are learnt; `quality_score` is from 0 to 1."""

    subtopics: tuple[str, ...]
    quality_score: float
    warnings: tuple[str, ...]
    source: str


class SubtopicsService:
    """Answers the same question from what was written before for `life` seconds."""

    def __init__(
        self,
        database: Database,
        cache: Cache,
        provider: ContentProvider,
        life: float,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._cache = cache
        self._provider = provider
        self._life = life
        self._now = now

    def divide(self, text: str, language: Language) -> Subtopics:
        """The subtopics of a topic in a language.

        Raises ApiError where the text is no topic, and DatabaseUnavailableError.
        """
        topic = normalise_topic(text)
        key = digest(NAMESPACE, self._provider.source, language, topic)
        return self._cache.get_or_make(
            NAMESPACE,
            key,
            lambda: self._stored(key) or self._written(key, topic, language),
            loaded,
        )

    def _stored(self, key: str) -> Made | None:
        now = self._now()
        with self._database.session() as session:
            content = find_content(session, key, since=now - timedelta(seconds=self._life))
        if content is None:
            return None
        left = self._life - (now - content.created_at).total_seconds()
        answer = _answer(tuple(content.body), FROM_CACHE)
        return Made(answer, left, answer)

    def _written(self, key: str, topic: str, language: Language) -> Made:
        subtopics = self._provider.subtopics(topic, language)
        answer = _answer(subtopics, self._provider.source)
        content = Content(
            key=key,
            topic=topic,
            topic_digest=digest(topic),
            kind=NAMESPACE,
            language=language,
            source=answer.source,
            body=subtopics,
            quality_score=answer.quality_score,
            created_at=self._now(),
        )
        store_content(self._database, content)
        return Made(replace(answer, source=FROM_CACHE), self._life, answer)


def loaded(kept: Any) -> Subtopics:
    """Subtopics as JSON held them; TypeError or KeyError where it was something else."""
    return Subtopics(
        subtopics=tuple(kept["subtopics"]),
        quality_score=kept["quality_score"],
        warnings=tuple(kept["warnings"]),
        source=kept["source"],
    )


def quality(subtopics: tuple[str, ...]) -> float:
    """The share of the wanted headings that are there, differ, and are of a readable length."""
    readable = {
        heading.casefold() for heading in subtopics if 0 < len(heading.strip()) <= LONGEST_HEADING
    }
    return round(min(1.0, len(readable) / SUBTOPICS), 2)


def _answer(subtopics: tuple[str, ...], source: str) -> Subtopics:
    score = quality(subtopics)
    warnings = () if score == 1 else ("Some subtopics are missing, repeated or too long.",)
    return Subtopics(subtopics, score, warnings, source)
