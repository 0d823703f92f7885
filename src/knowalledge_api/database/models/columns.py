"""Kinds of columns that mean the same on every database, and the checks that go with them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, TypeVar

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Dialect, Integer, LargeBinary, String
from sqlalchemy.dialects import mysql
from sqlalchemy.types import TypeDecorator, TypeEngine

DIGEST: Final = 64
"""Characters of a SHA-256 in hexadecimal."""
LONGEST_WORD: Final = 16

Word = TypeVar("Word", bound=StrEnum)

Number = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows by INTEGER alone
Bytes = LargeBinary().with_variant(mysql.MEDIUMBLOB(), "mysql")  # its BLOB ends at 64 KiB


def utc_now() -> datetime:
    """The time of day, with its zone."""
    return datetime.now(UTC)


def ascii_text(length: int) -> TypeEngine[str]:
    """Text that no one translates: `A` is not `a`, on MariaDB too, and its keys stay short."""
    exact = mysql.VARCHAR(length, charset="ascii", collation="ascii_bin")
    return String(length).with_variant(exact, "mysql")


class UtcDateTime(TypeDecorator[datetime]):
    """A moment with its time zone: always UTC, though MariaDB and SQLite store none."""

    impl = DateTime(timezone=True).with_variant(mysql.DATETIME(fsp=6), "mysql")
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To the database: UTC, bare where it can't keep a zone; a naive value is refused."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        moment = value.astimezone(UTC)
        return moment if dialect.name == "postgresql" else moment.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 -- the signature is SQLAlchemy's
        """From the database: in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class OneOf(TypeDecorator[Word]):
    """One word of a closed set; ValueError for another. `one_of` is the constraint beside it."""

    impl = ascii_text(LONGEST_WORD)
    cache_ok = True

    def __init__(self, kind: type[Word]) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002 -- the signature is SQLAlchemy's
        """To the database: the word as it is written."""
        return None if value is None else self.kind(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> Word | None:  # noqa: ARG002 -- the signature is SQLAlchemy's
        """From the database: a member of the set."""
        return None if value is None else self.kind(value)


def one_of(column: str, words: Iterable[str]) -> CheckConstraint:
    """The column holds one of the words."""
    listed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def is_digest(column: str) -> CheckConstraint:
    """The column holds as many characters as a digest has: not what was digested."""
    return CheckConstraint(f"length({column}) = {DIGEST}", name=column)


def at_least(least: int, column: str) -> CheckConstraint:
    """The column's number is not below this one."""
    return CheckConstraint(f"{column} >= {least}", name=column)
