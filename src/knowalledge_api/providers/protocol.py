"""What every writer of content can do."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Protocol

from knowalledge_api.providers.tasks import Result, Task


@dataclass(frozen=True, slots=True)
class Terms:
    """For whom something is written, by number, and until when, in seconds of time.monotonic.

    `patient`: wait that long for a place where all are taken, instead of being refused.
    """

    user: int | None = None
    until: float = inf
    patient: bool = False


class ContentProvider(Protocol):
    """A writer of content; `source` names it in every answer.

    `version` is part of what its content is kept under: another model or prompt, another content.
    """

    @property
    def source(self) -> str:
        """Its name."""
        ...

    @property
    def version(self) -> str:
        """What else shapes its content, besides the task."""
        ...

    def write(self, task: Task[Result], terms: Terms) -> Result:
        """What the task asks for; ApiError where it can't be had."""
        ...


class Account(Protocol):
    """Who keeps count of what is spent."""

    def spend(self) -> None:
        """Take a call from today's budget; AiError where it is used up."""
        ...

    def tally(self, user: int | None, input_tokens: int, output_tokens: int) -> None:
        """Note what an answer took."""
        ...
