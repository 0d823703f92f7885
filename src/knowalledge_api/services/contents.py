"""Content from memory, from the database, or newly written: once for all who ask the same."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Generic

from knowalledge_api.cache import Cache
from knowalledge_api.cache.shared import Made
from knowalledge_api.database import Database
from knowalledge_api.database.contents import Content as Row
from knowalledge_api.database.contents import drop_contents, find_content, store_content
from knowalledge_api.database.models.columns import utc_now
from knowalledge_api.errors import DatabaseUnavailableError
from knowalledge_api.providers.protocol import ContentProvider, Terms
from knowalledge_api.providers.tasks import Result, Task
from knowalledge_api.services.quality import judge
from knowalledge_api.services.topics import digest

if TYPE_CHECKING:
    from pydantic import TypeAdapter

log = logging.getLogger(__name__)

FROM_CACHE: Final = "cache"
Place = Callable[[], AbstractContextManager[None]]
"""Where a request waits for what is written; refused where all places are taken."""


@dataclass(frozen=True, slots=True)
class Shelf(Generic[Result]):
    """Where one kind of content is kept: its name, its life in seconds, what it is made of."""

    name: str
    life: float
    adapter: TypeAdapter[Result]


@dataclass(frozen=True, slots=True)
class Content(Generic[Result]):
    """Something written; `quality_score` is from 0 to 1, `source` who wrote it, or cache."""

    body: Result
    quality_score: float
    warnings: tuple[str, ...]
    source: str


def _untold() -> None:
    """Nobody wants to know."""


class Contents:
    """Answers the same question from what was written before, for as long as its shelf says.

    A request may have content written for `budget` seconds. `stored` is called after something
    was put into the database.
    """

    def __init__(  # noqa: PLR0913, PLR0917 -- where it is kept, who writes it, within what
        self,
        database: Database,
        cache: Cache,
        provider: ContentProvider,
        budget: float,
        place: Place = nullcontext,
        now: Callable[[], datetime] = utc_now,
        stored: Callable[[], None] = _untold,
    ) -> None:
        self.provider = provider
        self.place = place
        self._database = database
        self._cache = cache
        self._budget = budget
        self._now = now
        self._stored_one = stored

    def terms(self, user: int | None) -> Terms:
        """The terms of a request that begins now."""
        return Terms(user, time.monotonic() + self._budget)

    def get(
        self, shelf: Shelf[Result], topic: str, task: Task[Result], terms: Terms
    ) -> Content[Result]:
        """What the task asks for; `topic` is what it is stored about.

        Raises ApiError where it can't be written now, and DatabaseUnavailableError.
        """
        known = self.known(shelf, task)
        if known is not None:
            return known
        with self.place():
            return self.made(shelf, topic, task, terms)

    def known(self, shelf: Shelf[Result], task: Task[Result]) -> Content[Result] | None:
        """What the cache has."""
        return self._cache.get(shelf.name, self._key(shelf, task), _loading(shelf, task))

    def made(
        self, shelf: Shelf[Result], topic: str, task: Task[Result], terms: Terms
    ) -> Content[Result]:
        """What the cache does not have; for whoever has a place. Raises as `get` does."""
        key = self._key(shelf, task)
        answer: Content[Result] = self._cache.make_once(
            shelf.name,
            key,
            lambda: self._stored(shelf, key, task) or self._written(shelf, key, topic, task, terms),
            _loading(shelf, task),
            terms.until,
        )
        return answer

    def clear(self, namespace: str | None = None) -> int:
        """Drop a shelf's content, or all: in the database first, lest it is taken up again.

        How many entries went, of the database, Redis and this process together. Raises
        DatabaseUnavailableError, and then nothing is dropped.
        """
        with self._database.session() as session:
            dropped = drop_contents(session, namespace)
        return dropped + self._cache.clear(namespace)

    def _key(self, shelf: Shelf[Any], task: Task[Any]) -> str:
        shaping = (str(getattr(task, name)) for name in task.__dataclass_fields__)
        return digest(shelf.name, self.provider.source, self.provider.version, *shaping)

    def _stored(self, shelf: Shelf[Result], key: str, task: Task[Result]) -> Made | None:
        now = self._now()
        with self._database.session() as session:
            found = find_content(session, key, since=now - timedelta(seconds=shelf.life))
        if found is None:
            return None
        try:
            body = shelf.adapter.validate_python(found.body)
        except ValueError:  # another release wrote it
            return None
        left = shelf.life - (now - found.created_at).total_seconds()
        content = _content(body, task)
        return Made(content, left, content)

    def _written(
        self, shelf: Shelf[Result], key: str, topic: str, task: Task[Result], terms: Terms
    ) -> Made:
        body = self.provider.write(task, terms)
        content = _content(body, task)
        row = Row(
            key=key,
            topic=topic,
            topic_digest=digest(topic),
            kind=shelf.name,
            language=task.language,
            source=self.provider.source,
            body=shelf.adapter.dump_python(body, mode="json"),
            quality_score=content.quality_score,
            created_at=self._now(),
        )
        try:
            store_content(self._database, row)
            self._stored_one()
        except DatabaseUnavailableError as error:  # what was paid for is given out all the same
            log.warning("new content is kept in the cache alone: %s", error)
        return Made(content, shelf.life, replace(content, source=self.provider.source))


def _content(body: Result, task: Task[Result]) -> Content[Result]:
    judged = judge(task, body)
    return Content(body, judged.score, judged.warnings, FROM_CACHE)


def _loading(shelf: Shelf[Result], task: Task[Result]) -> Callable[[Any], Content[Result]]:
    """How content is read that JSON held; ValueError or KeyError where it was something else."""
    return lambda kept: _content(shelf.adapter.validate_python(kept["body"]), task)
