"""A presentation: several subtopics explained side by side, and what fails is told beside them."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from typing import Final

from knowalledge_api.database.turns import part
from knowalledge_api.errors import ApiError, DatabaseUnavailableError
from knowalledge_api.providers.faults import AiError, Fault
from knowalledge_api.providers.protocol import Terms
from knowalledge_api.providers.tasks import Explain, Explanation, Language
from knowalledge_api.services.contents import Content, Contents, Shelf
from knowalledge_api.services.topics import normalise_topic

log = logging.getLogger(__name__)

WORDS: Final = {"lowDetail": 100, "mediumDetail": 150, "highDetail": 300}
"""Words of an explanation by the front end's names; any other name is a medium one."""
MEDIUM: Final = WORDS["mediumDetail"]
UNAVAILABLE: Final = "This could not be written right now; try again in a few seconds."


@dataclass(frozen=True, slots=True)
class Wish:
    """A presentation as it was asked for."""

    topic: str
    focus: tuple[str, ...]
    level: str
    detail: str
    style: str
    language: Language


@dataclass(frozen=True, slots=True)
class Piece:
    """An explained subtopic, or the sentence that says why there is none."""

    subtopic: str
    content: Content[Explanation] | None
    error: str | None = None


@dataclass(slots=True, eq=False)
class Desk:
    """What is still to be written, and what came of the rest; several threads work at it."""

    left: deque[Explain]
    done: dict[Explain, Content[Explanation] | Exception] = field(default_factory=dict)

    def next(self) -> Explain | None:
        """Something that nobody works on; None where there is nothing more."""
        try:
            return self.left.popleft()
        except IndexError:
            return None


class Presentations:
    """Has explanations written by a request's own thread and up to `helpers` others.

    The request's thread writes for as long as there is something left; the others help where a
    place is free at once, and leave what they can't begin to it.
    """

    def __init__(self, contents: Contents, shelf: Shelf[Explanation], helpers: int) -> None:
        self._contents = contents
        self._shelf = shelf
        self._helpers = helpers

    def present(self, wish: Wish, user: int | None = None) -> tuple[Piece, ...]:
        """The pieces in the order of the wish.

        Raises ApiError where a text is no topic, and what the first piece failed of where none
        could be had.
        """
        tasks = _tasks(wish)
        done = self._done(tasks, self._contents.terms(user))
        failures = [each for each in done.values() if isinstance(each, Exception)]
        if len(failures) == len(done):
            raise failures[0]
        return tuple(_piece(task, done[task]) for task in tasks)

    def _done(
        self, tasks: Sequence[Explain], terms: Terms
    ) -> dict[Explain, Content[Explanation] | Exception]:
        known = {task: self._contents.known(self._shelf, task) for task in tasks}
        found = {task: content for task, content in known.items() if content is not None}
        desk = Desk(deque(task for task in known if task not in found))
        if desk.left:
            with self._contents.place():
                self._write_all(desk, terms)
        return {
            task: found.get(task) or desk.done.get(task) or AiError(Fault.LATE) for task in known
        }

    def _write_all(self, desk: Desk, terms: Terms) -> None:
        """Empty the desk; AiError where there is no place for even one piece."""
        threads = _started(min(self._helpers, len(desk.left) - 1), lambda: self._help(desk, terms))
        while True:
            refusal = self._write(desk, replace(terms, patient=bool(desk.done)))
            _wait_for(threads, terms.until)
            if refusal is not None and not desk.done:
                raise refusal
            if refusal is None and not desk.left:
                return

    def _write(self, desk: Desk, terms: Terms) -> AiError | None:
        """Write what is left, or the refusal of the first piece that there was no place for."""
        while (task := desk.next()) is not None:
            result = self._result(task, terms)
            refusal = _refusal(result)
            if refusal is None or (terms.patient and time.monotonic() >= terms.until):
                desk.done[task] = result
                terms = replace(terms, patient=True)
                continue
            desk.left.append(task)
            if not terms.patient:
                return refusal
        return None

    def _help(self, desk: Desk, terms: Terms) -> None:
        """Write pieces as long as each finds a place at once."""
        while (task := desk.next()) is not None:
            result = self._result(task, terms)
            if _refusal(result) is not None:
                desk.left.append(task)
                return
            desk.done[task] = result

    def _result(self, task: Explain, terms: Terms) -> Content[Explanation] | Exception:
        """The explanation, or why there is none: one piece that fails costs no other."""
        try:
            with part():
                return self._contents.made(self._shelf, task.topic, task, terms)
        except (ApiError, DatabaseUnavailableError) as error:
            return error
        except Exception as error:
            log.exception("an explanation failed unexpectedly")
            return error


def _tasks(wish: Wish) -> tuple[Explain, ...]:
    topic = normalise_topic(wish.topic)
    return tuple(
        Explain(
            topic=topic,
            subtopic=normalise_topic(subtopic, "focus"),
            level=wish.level,
            words=WORDS.get(wish.detail, MEDIUM),
            style=wish.style,
            language=wish.language,
        )
        for subtopic in wish.focus
    )


def _refusal(result: Content[Explanation] | Exception) -> AiError | None:
    """The result where there was no place: for us, or for another who was first and waited not."""
    return result if isinstance(result, AiError) and result.fault is Fault.BUSY else None


def _piece(task: Explain, result: Content[Explanation] | Exception) -> Piece:
    if isinstance(result, Content):
        return Piece(task.subtopic, result)
    return Piece(
        task.subtopic, None, result.detail if isinstance(result, ApiError) else UNAVAILABLE
    )


def _started(number: int, work: Callable[[], None]) -> tuple[threading.Thread, ...]:
    """Threads that do the same, each known by the request that they work for."""
    threads = tuple(
        threading.Thread(target=copy_context().run, args=(work,), name="explaining", daemon=True)
        for _ in range(number)
    )
    for thread in threads:
        thread.start()
    return threads


def _wait_for(threads: Iterable[threading.Thread], until: float) -> None:
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
