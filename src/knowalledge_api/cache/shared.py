"""The part of the cache that Redis keeps for all processes of all servers."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeVar

import orjson

from knowalledge_api.stores.store import Ask, Store, StoreAwayError

T = TypeVar("T")

BATCH: Final = 500
"""Keys that are looked at, and dropped, at once: others are served in between."""
FIRST_PAUSE: Final = 0.02
LONGEST_PAUSE: Final = 0.25
LEASE: Final = 5.0
"""Seconds after which a lock is free whose holder died: who lives renews it at each look."""
MILLISECONDS: Final = 1000
RELEASE: Final = (
    "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"
)
"""Give back a lock, unless its time was over and another has it."""
RENEW: Final = (
    "if redis.call('GET', KEYS[1]) == ARGV[1] then"
    " return redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) end return 0"
)
"""Keep a lock for another while, unless another has it."""
_LIFE: Final = int(LEASE * MILLISECONDS)
_SPECIAL: Final = re.compile(r"([\\*?\[\]^-])")


class Found(NamedTuple):
    """A value as JSON holds it, and for how many seconds it still lives."""

    value: Any
    seconds: float


class Made(NamedTuple):
    """What was made: `value` is kept for `seconds`, `answer` is for the one who made it."""

    value: Any
    seconds: float
    answer: Any


@dataclass(frozen=True, slots=True)
class Clock:
    """Seconds, and waiting for them."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


class Shared:
    """Values and locks under the prefix. Every method raises StoreAwayError, `make_once` none."""

    def __init__(self, store: Store, clock: Clock | None = None) -> None:
        self._store = store
        self._clock = clock or Clock()
        self._held: dict[str, str] = {}
        store.on_look(self._renew)

    @property
    def usable(self) -> bool:
        """Whether it is worth asking."""
        return self._store.usable

    def get(self, namespace: str, key: str) -> Found | None:
        """A value that still lives."""
        name = self._name("cache", namespace, key)
        return _found(*self._store.ask_all((("GET", name), ("PTTL", name))))

    def put(self, namespace: str, key: str, value: Any, seconds: float) -> None:
        """Keep a value for `seconds`; none or fewer keep nothing."""
        life = int(seconds * MILLISECONDS)
        if life > 0:
            content = orjson.dumps(value)
            self._store.ask("SET", self._name("cache", namespace, key), content, "PX", life)

    def make_once(
        self, namespace: str, key: str, make: Callable[[], Made], until: float
    ) -> Made | Found:
        """What `make` makes, by one process among all; `make` puts it here before it returns.

        Who waits in vain, `until` then by the clock, makes it too; so does everybody while Redis
        is away.
        """
        pause = FIRST_PAUSE
        lock, token = self._name("making", namespace, key), secrets.token_hex(8)
        try:
            while True:
                locked, found = self._lock(namespace, key, token)
                if found is not None and locked:  # made between the question and the lock
                    self._unlock(lock, token)
                if found is not None:
                    return found
                left = until - self._clock.now()
                if locked or left <= 0:
                    break
                self._clock.sleep(min(pause, left))
                pause = min(2 * pause, LONGEST_PAUSE)
        except StoreAwayError:
            return make()
        if locked:
            self._held[token] = lock
        try:
            return make()
        finally:
            if locked:
                del self._held[token]
                self._unlock(lock, token)

    def clear(self, namespace: str | None) -> int:
        """Drop a namespace, or all of them, and let other processes know; how many values went."""
        return clear(self._store.ask, self._store.prefix, namespace)

    def _lock(self, namespace: str, key: str, token: str) -> tuple[bool, Found | None]:
        """Try to be the one who makes a value; and the value, where another has made it."""
        name = self._name("cache", namespace, key)
        lock = self._name("making", namespace, key)
        questions = (("SET", lock, token, "NX", "PX", _LIFE), ("GET", name), ("PTTL", name))
        answer, *value = self._store.ask_all(questions)
        return answer is not None, _found(*value)

    def _renew(self, ask: Ask) -> None:
        """Keep the locks of what is being made here."""
        for token, lock in tuple(self._held.items()):
            ask("EVAL", RENEW, 1, lock, token, _LIFE)

    def _unlock(self, lock: str, token: str) -> None:
        try:
            self._store.ask("EVAL", RELEASE, 1, lock, token)
        except StoreAwayError:
            return  # its time will be over

    def _name(self, kind: str, namespace: str, key: str) -> str:
        return f"{self._store.prefix}{kind}:{namespace}:{key}"


def clear(ask: Ask, prefix: str, namespace: str | None) -> int:
    """Drop our values of a namespace, or all of them; how many went.

    Keys of others, and those of ours that are no values, are left alone.
    """
    cursor, dropped = b"0", 0
    pattern = _pattern(prefix, namespace)
    while True:
        cursor, names = ask("SCAN", cursor, "MATCH", pattern, "COUNT", BATCH)
        if names:
            dropped += ask("UNLINK", *names)
        if int(cursor) == 0:
            break
    ask("HINCRBY", f"{prefix}cleared", namespace or "", 1)
    return dropped


def cleared(ask: Ask, prefix: str) -> dict[str, int]:
    """How often each namespace was cleared, by any process; all of them go by an empty name."""
    fields = ask("HGETALL", f"{prefix}cleared")
    names, counts = fields[::2], fields[1::2]
    return {name.decode(): int(count) for name, count in zip(names, counts, strict=True)}


def _found(content: Any, life: Any) -> Found | None:
    """What Redis says of a value and of its life; None where it has none that can be read."""
    if not isinstance(content, bytes) or not isinstance(life, int) or life <= 0:
        return None
    try:
        return Found(orjson.loads(content), life / MILLISECONDS)
    except orjson.JSONDecodeError:
        return None


def _pattern(prefix: str, namespace: str | None) -> str:
    below = "" if namespace is None else f"{namespace}:"
    return _SPECIAL.sub(r"\\\1", f"{prefix}cache:{below}") + "*"
