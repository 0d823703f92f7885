"""The answering side of a private channel: many askers, one thread, and none can hold it up."""

from __future__ import annotations

import json
import logging
import selectors
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic, sleep
from typing import Any, Final

from knowalledge_api.live.transport import Listener

log = logging.getLogger(__name__)

LONGEST: Final = 4096
"""Bytes of a question."""
PATIENCE: Final = 1.0
"""Seconds for a question to arrive, and for its answer to be taken."""
MOST: Final = 32
"""Askers at once; whoever comes beyond them is hung up on."""
PAUSE: Final = 0.1

Question = Mapping[str, Any]
Answering = Callable[[Question], Mapping[str, Any]]


@dataclass(slots=True, eq=False)
class Asker:
    """One connection: first a question is read from it, then its answer is written."""

    plug: socket.socket
    deadline: float
    question: bytes = b""
    answer: bytes = b""


class Channel:
    """Answers each question with one line of JSON. For one thread, `wake` excepted."""

    def __init__(
        self, answering: Answering, listener: Listener | None = None, patience: float = PATIENCE
    ) -> None:
        self._answering = answering
        self._patience = patience
        self._listener = listener
        self._askers: set[Asker] = set()
        self._selector = selectors.DefaultSelector()
        self._alarm, self._bell = socket.socketpair()
        self._selector.register(self._alarm, selectors.EVENT_READ)
        if listener is not None:
            listener.socket.setblocking(False)  # noqa: FBT003 -- its only parameter
            self._selector.register(listener.socket, selectors.EVENT_READ)

    def turn(self, seconds: float) -> None:
        """Serve askers as they come, until `seconds` are over or somebody calls `wake`."""
        end = monotonic() + seconds
        while (left := end - monotonic()) > 0:
            for key, _ in self._selector.select(min(left, self._shortest())):
                if key.fileobj is self._alarm:
                    self._alarm.recv(LONGEST)
                    return
                self._serve(key.data)
            self._hang_up_on_the_slow()

    def wake(self) -> None:
        """End the turn, from any thread."""
        self._bell.send(b"!")

    def close(self) -> None:
        """Hang up on everyone; the listener is its owner's."""
        for asker in tuple(self._askers):
            self._hang_up(asker)
        self._selector.close()
        self._alarm.close()
        self._bell.close()

    def _shortest(self) -> float:
        now = monotonic()
        return max(
            0.0, min((asker.deadline - now for asker in self._askers), default=self._patience)
        )

    def _serve(self, asker: Asker | None) -> None:
        if asker is None:
            self._accept()
            return
        try:
            done = self._write(asker) if asker.answer else self._read(asker)
        except BlockingIOError:
            return
        except OSError:  # it is gone
            done = True
        if done:
            self._hang_up(asker)

    def _accept(self) -> None:
        assert self._listener is not None  # noqa: S101 -- it was registered
        try:
            plug, _ = self._listener.socket.accept()
        except BlockingIOError:  # whoever it was is gone
            return
        except OSError:  # no descriptor is left, and the listener stays readable
            sleep(PAUSE)
            return
        if len(self._askers) >= MOST:
            plug.close()
            return
        plug.setblocking(False)  # noqa: FBT003 -- its only parameter
        asker = Asker(plug, monotonic() + self._patience)
        self._askers.add(asker)
        self._selector.register(plug, selectors.EVENT_READ, asker)

    def _read(self, asker: Asker) -> bool:
        """Take what came; whether that was all there is to do."""
        came = asker.plug.recv(LONGEST)
        asker.question += came
        line, newline, _ = asker.question.partition(b"\n")
        if not newline and len(line) <= LONGEST:
            return not came
        asker.answer = self._answer(line)
        asker.deadline = monotonic() + self._patience
        self._selector.modify(asker.plug, selectors.EVENT_WRITE, asker)
        return self._write(asker)

    def _write(self, asker: Asker) -> bool:
        """Give as much as is taken; whether that was all of it."""
        asker.answer = asker.answer[asker.plug.send(asker.answer) :]
        return not asker.answer

    def _answer(self, line: bytes) -> bytes:
        question = question_of(line)
        if question is None:
            answer: Mapping[str, Any] = {"error": "ask with one line of JSON, an object"}
        elif self._listener is not None and not self._listener.admits(question):
            answer = {"error": "the token is missing or wrong"}
        else:
            answer = self._answered(question)
        return f"{json.dumps(answer)}\n".encode()

    def _answered(self, question: Question) -> Mapping[str, Any]:
        try:
            return self._answering(question)
        except Exception:
            log.exception("a question could not be answered")
            return {"error": "this could not be answered; the log says why"}

    def _hang_up_on_the_slow(self) -> None:
        now = monotonic()
        for asker in [asker for asker in self._askers if asker.deadline <= now]:
            self._hang_up(asker)

    def _hang_up(self, asker: Asker) -> None:
        with suppress(KeyError):
            self._selector.unregister(asker.plug)
        self._askers.discard(asker)
        asker.plug.close()


def question_of(line: bytes) -> Question | None:
    """A line as a question; None where it is none."""
    if len(line) > LONGEST:
        return None
    try:
        question = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return question if isinstance(question, dict) else None
