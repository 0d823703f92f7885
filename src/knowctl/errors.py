"""How a command fails: a code for machines, a fact, its cause and the next thing to type."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum


class ExitCode(IntEnum):
    """What the shell is told."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    TIMED_OUT = 3
    REFUSED = 4
    INTERRUPTED = 130


class ErrorCode(StrEnum):
    """The names of failures in JSON output; public, never reused."""

    USAGE = "usage"
    CONFIGURATION = "configuration"
    FINDINGS = "findings"
    DATABASE = "database"
    REDIS = "redis"
    SCHEMA = "schema"
    ADDRESS = "address"
    FILE = "file"
    EXISTS = "exists"
    NOT_FOUND = "not_found"
    LAST_ADMIN = "last_admin"
    UNHEALTHY = "unhealthy"
    NO_SERVER = "no_server"
    CHANNEL = "channel"
    RELOAD_FAILED = "reload_failed"
    REFUSED = "refused"
    TIMED_OUT = "timed_out"
    INTERRUPTED = "interrupted"
    BUG = "bug"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a result is not a success, and what the shell is told.

    `sql` are statements that the hint speaks of, for somebody with more rights.
    """

    code: ErrorCode
    message: str
    cause: str
    hint: str
    exit_code: ExitCode = ExitCode.FAILED
    sql: tuple[str, ...] = ()


class KnowctlError(Exception):
    """A command can't go on; carries the `Failure` that a person or a program is told."""

    def __init__(  # noqa: PLR0913 -- as many as a failure has parts
        self,
        code: ErrorCode,
        message: str,
        *,
        cause: str,
        hint: str,
        exit_code: ExitCode = ExitCode.FAILED,
        sql: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message)
        self.failure = Failure(code, message, cause, hint, exit_code, sql)
