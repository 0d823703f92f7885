"""One migration at a time: a lock that its holder's death releases, on every database."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from time import monotonic, sleep
from typing import IO, Final

from sqlalchemy import Connection, text

from knowalledge_api.errors import MigrationBusyError, MigrationError

POLL: Final = 0.2
"""Seconds between two tries."""

NUMBER: Final = int.from_bytes(sha256(b"knowalledge migrations").digest()[:8], signed=True)
"""The advisory lock's number on PostgreSQL, where it is kept apart by database."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for the lock, in seconds, and by which clock."""

    seconds: float
    clock: Callable[[], float] = monotonic
    sleep: Callable[[float], None] = sleep

    def until(self, attempt: Callable[[], bool]) -> None:
        """Try until it works; MigrationBusyError when time is up. At least one try is made."""
        end = self.clock() + self.seconds
        while not attempt():
            if self.clock() >= end:
                raise MigrationBusyError(
                    f"another process is migrating, and did not finish in {self.seconds:g} s",
                    "knowctl db health shows what it waits for; then try again",
                )
            self.sleep(POLL)


def lock_connection(connection: Connection, patience: Patience) -> None:
    """Take the lock for as long as the connection stays open.

    Tried again and again, not waited for in the server: a waiting statement holds a snapshot,
    and CREATE INDEX CONCURRENTLY in the process that migrates would wait for that.
    """
    attempts = {
        "postgresql": (text("SELECT pg_try_advisory_lock(:lock)"), NUMBER),
        "mysql": (text("SELECT GET_LOCK(:lock, 0)"), _name(connection)),
    }
    if connection.dialect.name not in attempts:
        return  # SQLite's is the file lock
    statement, lock = attempts[connection.dialect.name]

    def attempt() -> bool:
        taken = bool(connection.scalar(statement, {"lock": lock}))
        connection.rollback()
        return taken

    patience.until(attempt)


def _name(connection: Connection) -> str:
    """MariaDB's locks belong to the whole server and have names of at most 64 characters."""
    database = connection.engine.url.database or ""
    return f"knowalledge-migrations-{sha256(database.encode()).hexdigest()[:32]}"


@contextmanager
def file_lock(database: Path | None, patience: Patience) -> Iterator[None]:
    """Hold an exclusive lock on `<database>-lock`; nothing where there is no file.

    The lock file stays: whoever removed it would let two processes lock two different files.
    """
    if database is None or not database.parent.is_dir():
        yield  # the connection that follows says what is wrong with the directory
        return
    try:
        file = database.with_name(f"{database.name}-lock").open("ab")
    except OSError as error:
        raise MigrationError(
            f"{database.name}-lock can't be written: {error.strerror}",
            f"make {database.parent} writable for this user",
        ) from error
    with file:
        patience.until(lambda: _try_lock(file))
        yield


if sys.platform == "win32":
    import msvcrt

    def _try_lock(file: IO[bytes]) -> bool:
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try_lock(file: IO[bytes]) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
