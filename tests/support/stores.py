"""A Redis for unit tests, in memory: what it is asked, and what it is made to answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from redis import ResponseError
from redis.exceptions import ConnectionError as LostError

from knowalledge_api.stores.links import Command, Links
from knowalledge_api.stores.store import Store


class FakeLinks(Links):
    """Answers each command by `answer`; `broken` is raised instead while it is set."""

    def __init__(self, answer: Callable[[Command], Any] = lambda _: b"OK") -> None:
        super().__init__(_nobody, most=1)
        self.answer = answer
        self.broken: Exception | None = None
        self.asked: list[Command] = []
        self.abandoned = 0

    def ask(self, commands: Sequence[Command]) -> list[Any]:
        """The answers, in order."""
        self.asked.extend(commands)
        if self.broken is not None:
            raise self.broken
        return [self.answer(command) for command in commands]

    def abandon(self) -> None:
        """Count that all were let go."""
        self.abandoned += 1


def _nobody() -> Any:
    raise AssertionError("a fake connects to nothing")


@dataclass
class Keys:
    """Strings, hashes and scans, enough for the cache; times do not pass by themselves."""

    values: dict[str, bytes] = field(default_factory=dict)
    lives: dict[str, int] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def __call__(self, command: Command) -> Any:
        """The answer to one command."""
        name, *given = command
        return getattr(self, name.lower())(*given)

    def ping(self) -> bytes:
        """It is there."""
        return b"PONG"

    def get(self, key: str) -> bytes | None:
        """A value."""
        return self.values.get(key)

    def pttl(self, key: str) -> int:
        """Its life in milliseconds."""
        return self.lives.get(key, -2)

    def set(self, key: str, value: bytes, *options: Any) -> bytes | None:
        """Keep it, with NX if it is not there."""
        if "NX" in options and key in self.values:
            return None
        self.values[key] = value
        self.lives[key] = options[options.index("PX") + 1]
        return b"OK"

    def eval(self, _script: str, _number: int, key: str, token: bytes, *life: int) -> int:
        """The scripts of the cache give a lock back, or keep it for another life."""
        if self.values.get(key) != token:
            return 0
        if life:
            [self.lives[key]] = life
        else:
            del self.values[key]
        return 1

    def scan(self, cursor: bytes, _match: str, pattern: str, _count: str, number: int) -> Any:
        """A part of the keys that match, as patterns without wildcards but the last match."""
        assert number > 0
        head = pattern.removesuffix("*").replace("\\", "")
        found = sorted(key for key in self.values if key.startswith(head))
        first = cursor == b"0" and len(found) > 2
        return b"2" if first else b"0", [key.encode() for key in (found[:2] if first else found)]

    def unlink(self, *keys: str | bytes) -> int:
        """Drop keys."""
        names = [key.decode() if isinstance(key, bytes) else key for key in keys]
        return sum(self.values.pop(name, None) is not None for name in names)

    def hincrby(self, _key: str, name: str, number: int) -> int:
        """Count."""
        self.counts[name] = self.counts.get(name, 0) + number
        return self.counts[name]

    def hgetall(self, _key: str) -> list[bytes]:
        """All counts."""
        return [part for name, n in self.counts.items() for part in (name.encode(), b"%d" % n)]


def store_of(links: FakeLinks, prefix: str = "ka:") -> Store:
    """A store that looks for Redis when it is told to, and never by itself."""
    return Store(links, prefix, beside=lambda _: None)


LOST = LostError("Connection refused.")
REFUSED = ResponseError("OOM command not allowed when used memory > 'maxmemory'.")
