"""The channel on which commands ask the supervisor: a JSON line in, JSON lines out."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from knowctl.supervisor.loop import Loop, Steps

LONGEST: Final = 4096
PATIENCE: Final = 5.0
"""Seconds for an asker to say what it wants."""


class Asker:
    """Who asked, and may have gone since; None for a signal, which nobody waits for."""

    def __init__(self, connection: socket.socket | None = None) -> None:
        self._connection = connection

    def tell(self, **facts: Any) -> None:
        """Send a line; an asker that does not read, or is gone, misses it."""
        if self._connection is None:
            return
        with suppress(OSError):
            self._connection.send(f"{json.dumps(facts)}\n".encode())

    def step(self, name: str, detail: str) -> None:
        """Tell of something that is done; the answer is still to come."""
        self.tell(step=name, detail=detail)

    def answer(self, **facts: Any) -> None:
        """Send the last line."""
        self.tell(**facts)
        if self._connection is not None:
            self._connection.close()

    def refuse(self, message: str, cause: str, hint: str, code: str = "refused") -> None:
        """Say why not."""
        self.answer(ok=False, code=code, message=message, cause=cause, hint=hint)


Handler = Callable[[dict[str, Any], Asker], None]


@dataclass(frozen=True)
class Control:
    """Listens in the run directory, whose mode keeps other users away."""

    loop: Loop
    path: Path
    handle: Handler

    def listen(self) -> socket.socket:
        """Begin to answer, as long as what is returned stays open.

        A socket that a killed supervisor left is replaced.
        """
        self.path.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        mask = os.umask(0o177)
        try:
            listener.bind(str(self.path))
        finally:
            os.umask(mask)
        listener.listen(16)
        listener.settimeout(0)

        def accept() -> None:
            with suppress(OSError):
                connection, _ = listener.accept()
                connection.settimeout(0)
                self.loop.start(self._serve(connection))

        self.loop.watch(listener, accept)
        return listener

    def _serve(self, connection: socket.socket) -> Steps[None]:
        content = bytearray()
        ended = False

        def take() -> None:
            nonlocal ended
            try:
                more = connection.recv(LONGEST)
            except OSError:
                more = b""
            content.extend(more)
            ended = not more

        self.loop.watch(connection, take)
        try:
            yield from self.loop.until(
                lambda: ended or b"\n" in content or len(content) > LONGEST, PATIENCE
            )
        finally:
            self.loop.forget(connection)
        asker = Asker(connection)
        question = _question(bytes(content))
        if question is None:
            asker.refuse("that is no question", "it is not one line of JSON", "use knowctl")
            return
        self.handle(question, asker)


def _question(content: bytes) -> dict[str, Any] | None:
    line, newline, _ = content.partition(b"\n")
    try:
        question = json.loads(line) if newline else None
    except (ValueError, RecursionError):
        return None
    return question if isinstance(question, dict) else None
