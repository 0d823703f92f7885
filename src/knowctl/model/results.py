"""What every command gives back, and the results that fit no narrower noun."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from knowctl.errors import Failure


class Result(Protocol):
    """What every command gives back: `failure` is None when all is well."""

    @property
    def failure(self) -> Failure | None:
        """Why this result is not a success."""

    @property
    def data(self) -> object:
        """What `-o json` shows under `data`."""


class Succeeded:
    """A result that is no failure, and whose fields are its data."""

    __slots__ = ()

    @property
    def failure(self) -> None:
        """None: all is well."""
        return

    @property
    def data(self) -> object:
        """The result's own fields."""
        return self


@dataclass(frozen=True, slots=True)
class Where:
    """The place a finding speaks of."""

    file: str | None = None
    line: int | None = None
    variable: str | None = None

    def __str__(self) -> str:
        if self.file:
            return f"{self.file}:{self.line}" if self.line else self.file
        return self.variable or ""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that a plan does."""

    name: str
    detail: str


@dataclass(frozen=True, slots=True)
class Plan(Succeeded):
    """What a command would do."""

    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class WrittenFile(Succeeded):
    """A file that a command wrote; `backup` is where the former content went."""

    path: str
    what: str
    backup: str | None = None
