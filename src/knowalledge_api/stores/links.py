"""Connections to Redis: few, kept between questions, and each answer in time or not at all."""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from time import monotonic
from typing import Any, Final, Protocol

from redis import RedisError, ResponseError
from redis.connection import Connection, parse_url

IDLE: Final = 1.0
"""Seconds after which a kept connection is looked at before it is used: servers and networks close
those that are idle."""
READ_SIZE: Final = 16384

Command = tuple[Any, ...]


class Link(Protocol):
    """A connection of redis-py, which connects by itself when it is first used."""

    def connect(self) -> object:
        """Connect, and say who asks."""
        ...

    def can_read(self, timeout: float) -> bool:
        """Whether there is something to read, if only the end."""
        ...

    def send_packed_command(self, command: Any, check_health: bool) -> object:
        """Send what was packed."""
        ...

    def pack_commands(self, commands: Any) -> Any:
        """Commands as bytes."""
        ...

    def read_response(self) -> Any:
        """The next answer; ResponseError where it is a refusal."""
        ...

    def disconnect(self) -> object:
        """Close it."""
        ...


class BusyLinksError(Exception):
    """Every connection is in use, and there may be no more of them."""


def connecting(url: str, seconds: float) -> Callable[[], Link]:
    """What makes connections to this URL; each gives up after `seconds`, and tries once.

    Raises ValueError and TypeError where the URL's options can't be used.
    """
    given = parse_url(url)  # type: ignore[no-untyped-call]  # redis-py has not typed it
    kind = given.pop("connection_class", Connection)
    limits = {"socket_timeout": seconds, "socket_connect_timeout": seconds}
    fixed = {**limits, "socket_read_size": READ_SIZE, "protocol": 2}
    known = {name: value for name, value in given.items() if name not in _NOT_OF_A_CONNECTION}
    options = {**known, **fixed}
    kind(**options)  # finds fault with options now, and connects to nothing
    return lambda: kind(**options)


class Links:
    """At most `most` connections, made when they are needed: after the fork. Safe between threads.

    Those used last are used first, so that the others grow idle.
    """

    def __init__(
        self, connect: Callable[[], Link], most: int, clock: Callable[[], float] = monotonic
    ) -> None:
        self._connect = connect
        self._most = most
        self._clock = clock
        self._kept: deque[tuple[Link, float]] = deque()
        self._used: set[Link] = set()

    def ask(self, commands: Sequence[Command]) -> list[Any]:
        """The answers to commands that are sent together: one round trip.

        Raises ResponseError, the first one, where Redis refuses a command; other RedisErrors and
        OSError where it gives no answer; BusyLinksError.
        """
        link = self._take()
        try:
            link.send_packed_command(link.pack_commands(commands), check_health=False)
            answers = [_read(link) for _ in commands]
        except BaseException:
            self._used.discard(link)
            link.disconnect()
            raise
        self._used.discard(link)
        self._kept.append((link, self._clock()))
        for answer in answers:
            if isinstance(answer, ResponseError):
                raise answer
        return answers

    def abandon(self) -> None:
        """Let whoever waits for an answer wait no longer, and begin anew."""
        for link in tuple(self._used):
            plug = getattr(link, "_sock", None)  # redis-py has no public way to it
            if plug is not None:
                with suppress(OSError):  # it is closed already
                    plug.shutdown(socket.SHUT_RDWR)
        self.close()

    def close(self) -> None:
        """Close those that nobody uses."""
        while self._kept:
            with suppress(IndexError):  # another thread took the last one
                self._kept.pop()[0].disconnect()

    def forget(self) -> None:
        """Begin anew in a process that was forked: the connections are its parent's."""
        self._kept, self._used = deque(), set()

    def _take(self) -> Link:
        while self._kept:
            try:
                link, since = self._kept.pop()
            except IndexError:  # another thread took it
                break
            self._used.add(link)
            if self._clock() - since < IDLE or _is_quiet(link):
                return link
            self._used.discard(link)
            link.disconnect()
        if len(self._used) >= self._most:
            raise BusyLinksError(f"all {self._most} connections are in use")
        return self._made()

    def _made(self) -> Link:
        link = self._connect()
        self._used.add(link)
        try:
            link.connect()
        except BaseException:
            self._used.discard(link)
            raise
        return link


def _read(link: Link) -> Any:
    """The next answer, a refusal too: those behind it have to be read as well."""
    try:
        return link.read_response()
    except ResponseError as error:
        return error


def _is_quiet(link: Link) -> bool:
    """Whether nothing came unasked; an end does."""
    try:
        return not link.can_read(timeout=0)
    except (RedisError, OSError):
        return False


_NOT_OF_A_CONNECTION: Final = frozenset({"max_connections", "timeout"})
"""What a URL may say to redis-py's own pools."""
