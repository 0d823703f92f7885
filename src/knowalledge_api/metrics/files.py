"""The files of a server's workers: one each, those of the dead merged into one and removed."""

from __future__ import annotations

import json
import os
import secrets
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from knowalledge_api.metrics.cells import CAPACITY, read
from knowalledge_api.metrics.table import outlives

if sys.platform == "win32":  # pragma: no cover - the suite runs on POSIX
    import msvcrt
else:
    import fcntl

LOCK, MERGED, WORKER = "lock", "merged.json", "worker-*.numbers"
PATIENCE: Final = 2.0
"""Seconds to wait for whoever reads or merges, which takes milliseconds."""
PAUSE: Final = 0.005


class BusyError(Exception):
    """Somebody holds the directory for longer than it can take: that process hangs."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """Sums over all workers there were, the number of those that live, and since when."""

    numbers: Mapping[str, float]
    workers: int
    since: float


@dataclass(frozen=True, slots=True)
class Directory:
    """Where the workers of one server keep their files.

    A worker holds a lock on its file as long as it lives, which the system takes away however it
    ends: no process id is believed. Reading, merging and beginning exclude each other.
    """

    path: Path

    def begin(self) -> int:
        """The descriptor of this process's own file, to be kept open; BusyError, OSError."""
        self.path.mkdir(mode=0o700, exist_ok=True)
        with self._alone():
            self._sweep()
            name = WORKER.replace("*", f"{os.getpid()}-{secrets.token_hex(4)}")
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL
            descriptor = os.open(self.path / name, flags, 0o600)
            _try_to_lock(descriptor)
            return descriptor

    def gather(self) -> Gathered:
        """All that was counted; BusyError where it can't be read in time, and OSError."""
        with self._alone():
            numbers = self._sweep()
            alive = self._files()
            for path in alive:
                _add(numbers, read(path.read_bytes()[:CAPACITY]))
            return Gathered(numbers, len(alive), (self.path / LOCK).stat().st_mtime)

    def _sweep(self) -> dict[str, float]:
        """Merge and remove the files of the dead; the sums of all of them.

        The merged file names what is in it. So whoever is killed between writing it and removing
        those leaves nothing that counts twice.
        """
        merged = self._merged()
        for name in merged["absorbed"]:
            (self.path / name).unlink(missing_ok=True)
        dead = [path for path in self._files() if is_free(path)]
        if not dead:
            return dict(merged["numbers"])
        numbers: dict[str, float] = dict(merged["numbers"])
        for path in dead:
            kept = read(path.read_bytes()[:CAPACITY]).items()
            _add(numbers, {key: number for key, number in kept if outlives(key)})
        fresh = self.path / f"{MERGED}.new"
        fresh.write_text(json.dumps({"absorbed": [p.name for p in dead], "numbers": numbers}))
        fresh.replace(self.path / MERGED)
        for path in dead:
            path.unlink(missing_ok=True)
        return numbers

    def _merged(self) -> dict[str, Any]:
        try:
            merged: dict[str, Any] = json.loads((self.path / MERGED).read_bytes())
        except FileNotFoundError:
            return {"absorbed": [], "numbers": {}}
        return merged

    def _files(self) -> list[Path]:
        return sorted(self.path.glob(WORKER))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        descriptor = os.open(self.path / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            end = time.monotonic() + PATIENCE
            while not _try_to_lock(descriptor):
                if time.monotonic() > end:
                    raise BusyError(f"{self.path / LOCK} is held by a process that hangs")
                time.sleep(PAUSE)
            yield
        finally:
            os.close(descriptor)


def _add(sums: dict[str, float], numbers: Mapping[str, float]) -> None:
    for key, number in numbers.items():
        sums[key] = sums.get(key, 0.0) + number


def is_free(path: Path) -> bool:
    """Whether no process holds the lock of a file: whoever did has ended."""
    descriptor = os.open(path, os.O_RDWR)
    try:
        return _try_to_lock(descriptor)
    finally:
        os.close(descriptor)


def _try_to_lock(descriptor: int) -> bool:
    """Take the lock of what is open there, until it is closed; False where somebody has it."""
    try:
        if sys.platform == "win32":  # pragma: no cover - the suite runs on POSIX
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
