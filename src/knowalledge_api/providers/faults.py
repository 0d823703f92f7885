"""What can go wrong with an AI that writes, and what its client is told of it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from math import ceil
from typing import Final

from knowalledge_api.errors import ApiError


class Fault(StrEnum):
    """Why nothing was written; the values are labels of metrics."""

    BUSY = "busy"
    RESTING = "breaker_open"
    SPENT = "daily_budget"
    LATE = "deadline"
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    OVERLOADED = "overloaded"
    FAILED = "failed"
    REFUSED = "refused"
    REJECTED = "rejected"
    BLOCKED = "blocked"
    UNUSABLE = "unusable"


ANSWERS: Final[Mapping[Fault, tuple[int, str]]] = {
    Fault.BUSY: (503, "More is being written right now than this server can; try again shortly."),
    Fault.RESTING: (503, "The AI service did not answer lately and is not asked for a while."),
    Fault.SPENT: (503, "The AI has written as much as it may today; try again tomorrow."),
    Fault.LATE: (504, "The AI service took too long."),
    Fault.TIMEOUT: (504, "The AI service took too long."),
    Fault.UNREACHABLE: (502, "The AI service can't be reached."),
    Fault.OVERLOADED: (503, "The AI service has too much to do; try again later."),
    Fault.FAILED: (502, "The AI service failed."),
    Fault.REFUSED: (502, "The AI service refused to work for this server."),
    Fault.REJECTED: (422, "The AI service can't work with this; try something else."),
    Fault.BLOCKED: (422, "The AI service declines to write about this; try other words."),
    Fault.UNUSABLE: (502, "The AI service gave no usable answer."),
}
"""The status and the sentence: 422 is final, everything else may be tried again."""
FINAL: Final = 422
RETRY: Final = 5
"""Seconds after which a client tries again, where nobody knows better."""


class AiError(ApiError):
    """An ApiError with its cause; `wanted_after`: seconds after which to ask again, if told.

    `told` is for operators: what came, in words of ours and names of Google's.
    """

    def __init__(self, fault: Fault, wanted_after: float = 0, told: str = "") -> None:
        status, detail = ANSWERS[fault]
        after = None if status == FINAL else max(1, ceil(wanted_after or RETRY))
        super().__init__(status, detail, (), after)
        self.fault = fault
        self.wanted_after = wanted_after
        self.told = told
