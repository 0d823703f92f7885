"""How a command fails: a code for machines, a fact, its cause and the next thing to type."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final

FIRST: Final = {"dotenv": "python-dotenv", "rich": "rich", "typer": "typer"}
"""What every command needs, `env check` too: the module, and the package that has it."""


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
    ENVIRONMENT = "environment"
    FINDINGS = "findings"
    DATABASE = "database"
    REDIS = "redis"
    AI = "ai"
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


def incomplete(error: ModuleNotFoundError) -> Failure:
    """What is said where a package is missing without which a command can't even begin."""
    module = (error.name or "").partition(".")[0]
    package = FIRST.get(module)
    return Failure(
        ErrorCode.ENVIRONMENT,
        "the environment is not complete",
        f"{sys.executable} has no module {module}",
        f"{sys.executable} -m pip install {package}" if package else "knowctl env check",
    )
