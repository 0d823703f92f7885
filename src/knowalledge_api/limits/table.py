"""Counters in memory that all processes of a server share: bounded, exact, locked by the kernel."""

from __future__ import annotations

import mmap
import os
import struct
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Concatenate, Final, ParamSpec, TypeVar

from knowalledge_api.limits.windows import FRESH, PERIODS, Windows, weight

SETS: Final = 8192
WAYS: Final = 8
"""65,536 subjects in all, in 5 MB."""
SUBJECT: Final = struct.Struct("=16s" + "dII" * len(PERIODS))
"""Who, and the fields of each window."""
DIGEST: Final = 16
SET_SIZE: Final = WAYS * SUBJECT.size
SIZE: Final = SETS * SET_SIZE
NOBODY: Final = bytes(DIGEST)
TRIES: Final = 200
PAUSE: Final = 0.00025
"""Seconds between tries to lock, 50 ms in all: then whoever has the lock has been stopped, and one
count that gets lost does less harm than a server that waits."""

P = ParamSpec("P")
T = TypeVar("T")


class Table:
    """Windows by subject, in a file that every process of a server has mapped.

    A subject has its place in one of SETS sets of WAYS. Where a set is full a subject gives way
    whose windows are over, else the one with the fewest requests, which has the least to gain from
    being forgotten: many addresses that come once displace each other, and nobody who came often.
    `path` is for processes that find the file by its name; without one those that are forked from
    this one share it.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._descriptor = _opened(path)
        try:
            os.ftruncate(self._descriptor, SIZE)
            _reserve(self._descriptor)
            self._memory = mmap.mmap(self._descriptor, SIZE)
        except (OSError, ValueError):
            os.close(self._descriptor)
            raise
        self._threads = threading.Lock()

    def change(
        self,
        subject: str,
        act: Callable[Concatenate[Windows, P], T],
        *given: P.args,
        **named: P.kwargs,
    ) -> T:
        """Let `act` change a subject's windows in place; what it returns.

        Nobody else reads or writes them meanwhile.
        """
        digest, number = _place(subject)
        with self._threads:
            locked = _lock(self._descriptor, number)
            try:
                return self._change(digest, number * SET_SIZE, act, *given, **named)
            finally:
                if locked:
                    _unlock(self._descriptor, number)

    def close(self) -> None:
        """Let the memory go; other processes keep it."""
        self._memory.close()
        os.close(self._descriptor)

    def _change(
        self,
        digest: bytes,
        begin: int,
        act: Callable[Concatenate[Windows, P], T],
        *given: P.args,
        **named: P.kwargs,
    ) -> T:
        place = self._find(digest, begin)
        before = SUBJECT.unpack_from(self._memory, place)[1:] if place >= 0 else FRESH
        windows = list(before)
        result = act(windows, *given, **named)
        if tuple(windows) != before:
            if place < 0:
                place = self._room(begin)
            SUBJECT.pack_into(self._memory, place, digest, *windows)
        return result

    def _find(self, digest: bytes, begin: int) -> int:
        """Where a subject is in its set, below zero where it is not."""
        end = begin + SET_SIZE
        place = self._memory.find(digest, begin, end)
        while place >= 0 and (place - begin) % SUBJECT.size:  # bytes of others that look alike
            place = self._memory.find(digest, place + 1, end)
        return place

    def _room(self, begin: int) -> int:
        """A place for a subject that is new in this set."""
        now = time.time()
        places = range(begin, begin + SET_SIZE, SUBJECT.size)
        return min(places, key=lambda place: self._weight(place, now))

    def _weight(self, place: int, now: float) -> int:
        """How many requests are forgotten with what is there; below zero where it is free."""
        digest, *windows = SUBJECT.unpack_from(self._memory, place)
        return -1 if digest == NOBODY else weight(windows, now)


@lru_cache(maxsize=8192)
def _place(subject: str) -> tuple[bytes, int]:
    """A subject's digest, and the number of its set."""
    digest = blake2b(subject.encode("utf-8", "surrogatepass"), digest_size=DIGEST).digest()
    return digest, int.from_bytes(digest[:4], "little") % SETS


def _opened(path: Path | None) -> int:
    """The file of that name, else one without a name."""
    if path is not None:
        return os.open(path, os.O_RDWR | os.O_CREAT | _OPTIONS, 0o600)
    make: Callable[[str], int] | None = getattr(os, "memfd_create", None)
    if make is not None:  # Linux: no disk that could stall
        return make("limits")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


if sys.platform == "win32":  # one process serves there
    _OPTIONS: Final = os.O_BINARY

    def _reserve(_descriptor: int) -> None:
        return

    def _lock(_descriptor: int, _number: int) -> bool:
        return False

    def _unlock(_descriptor: int, _number: int) -> None:
        return

else:
    import fcntl

    _OPTIONS: Final = os.O_NOFOLLOW | os.O_CLOEXEC

    def _reserve(descriptor: int) -> None:
        """Have all of it, or OSError now: memory that is missing later would end the process."""
        allocate: Callable[[int, int, int], None] | None = getattr(os, "posix_fallocate", None)
        if allocate is not None:  # macOS has none
            allocate(descriptor, 0, SIZE)

    def _lock(descriptor: int, number: int, tries: int = TRIES) -> bool:
        """Lock one byte for this process, which its end unlocks; whether that was done in time."""
        for _ in range(tries):
            try:
                fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, number)
            except (BlockingIOError, PermissionError):  # POSIX allows either
                time.sleep(PAUSE)
            else:
                return True
        return False

    def _unlock(descriptor: int, number: int) -> None:
        fcntl.lockf(descriptor, fcntl.LOCK_UN, 1, number)
