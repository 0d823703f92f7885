"""Private channels under test, and requests that are in flight without a server."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread, get_ident
from time import perf_counter
from typing import Any

from knowalledge_api.live.channel import PATIENCE, Answering, Channel
from knowalledge_api.live.transport import Listener, listen_on_unix_socket

LONG = 30.0
"""Seconds that nothing here takes, even on a busy machine."""


@dataclass
class Request:
    """A request in flight."""

    id: str = "id-1"
    method: str = "GET"
    route: str | None = "/api/progress"
    address: str = "192.0.2.1"
    thread: int = field(default_factory=get_ident)
    started: float = field(default_factory=perf_counter)


def echo(question: Mapping[str, Any]) -> Mapping[str, Any]:
    """Answer with the question."""
    return {"echo": dict(question)}


@contextmanager
def answering(
    place: Path,
    answer: Answering = echo,
    listen: Callable[[Path], Listener] = listen_on_unix_socket,
    patience: float = PATIENCE,
) -> Iterator[Path]:
    """A channel that is served; where to ask it."""
    listener = listen(place)
    channel = Channel(answer, listener, patience)
    thread = Thread(target=channel.turn, args=(10 * LONG,))
    thread.start()
    try:
        yield listener.path
    finally:
        channel.wake()
        thread.join(LONG)
        channel.close()
        listener.close()


@contextmanager
def saying(place: Path, said: bytes) -> Iterator[Path]:
    """Somebody who says the same to whoever comes, and hangs up."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(place))
        listener.listen()
        thread = Thread(target=_say, args=(listener, said))
        thread.start()
        yield place
        thread.join(LONG)


def _say(listener: socket.socket, said: bytes) -> None:
    plug, _ = listener.accept()
    with plug:
        plug.recv(4096)
        plug.sendall(said)


def raw(place: Path, *parts: bytes) -> Any:
    """The answer to bytes sent as they are, each part read before the next one comes.

    None where the other side hangs up without an answer.
    """
    with socket.socket(socket.AF_UNIX) as plug:
        plug.settimeout(LONG)
        plug.connect(str(place))
        try:
            for number, part in enumerate(parts):
                if number:
                    raw(place, b"{}\n")  # whoever comes later is answered later
                plug.sendall(part)
            with plug.makefile("rb") as answer:
                line = answer.readline()
        except ConnectionError:
            return None
        return json.loads(line) if line else None
