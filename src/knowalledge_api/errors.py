"""What can go wrong in the API, as exceptions that carry a human sentence and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One field of a request that was refused, and why."""

    field: str
    reason: str


@dataclass(slots=True, eq=False)
class ApiError(Exception):
    """An answer other than success: the HTTP status and a sentence for a person.

    `detail` reaches anonymous clients: no exception text, path or version belongs in it.
    `retry_after` is in seconds.
    """

    status: int
    detail: str
    problems: tuple[FieldProblem, ...] = field(default=())
    retry_after: int | None = None


class DatabaseFault(StrEnum):
    """Why the database could not be asked, as far as the driver tells."""

    REFUSED = "refused"
    TIMEOUT = "timeout"
    SILENT = "no answer"
    UNKNOWN_HOST = "unknown host"
    AUTHENTICATION = "authentication"
    NO_DATABASE = "no database"
    NO_DRIVER = "no driver"
    TOO_MANY = "too many connections"
    POOL = "no free connection"
    LOST = "connection lost"
    LOCKED = "locked"
    FULL = "disk full"
    SCHEMA = "schema"
    OTHER = "other"


class DatabaseUnavailableError(Exception):
    """The database could not be asked in time: refused, frozen, or no free connection.

    The text is one line without secrets, for an operator; `hint` is the next thing to do.
    """

    def __init__(
        self, cause: str, hint: str = "", fault: DatabaseFault = DatabaseFault.OTHER
    ) -> None:
        super().__init__(cause)
        self.hint = hint
        self.fault = fault


class MigrationError(Exception):
    """The schema could not be brought to this code's version; `hint` is the next thing to do."""

    def __init__(self, cause: str, hint: str = "") -> None:
        super().__init__(cause)
        self.hint = hint


class UnknownRevisionError(MigrationError):
    """Somebody named a revision that is none, or that does not lie in the way asked for."""


class MigrationBusyError(MigrationError):
    """Another process migrates, and did not finish in the time that was given."""


class CreationRefusedError(MigrationError):
    """The database is not there and may not be made with the rights given.

    `sql` are the statements for someone with more rights, without a password in them.
    """

    def __init__(self, cause: str, hint: str, sql: tuple[str, ...]) -> None:
        super().__init__(cause, hint)
        self.sql = sql


class UnknownSchemeError(ValueError):
    """A URL names a database or a driver that this product does not speak."""
