"""What counts as a topic: any text that a person may write, in one normal form."""

from __future__ import annotations

import unicodedata
from hashlib import sha256
from typing import Final

from knowalledge_api.errors import ApiError, FieldProblem

LONGEST: Final = 200
REFUSED: Final = frozenset({"Cc", "Cs"})
"""Unicode categories that are no text: control characters and halves of surrogate pairs."""


def normalise_topic(text: str) -> str:
    """The topic in NFC, trimmed, runs of blanks collapsed; ApiError 400 where it is none."""
    trimmed = text.strip()
    if any(unicodedata.category(character) in REFUSED for character in trimmed):
        raise _refused("a topic is text without control characters")
    topic = " ".join(unicodedata.normalize("NFC", trimmed).split())
    if not topic:
        raise _refused("a topic is required")
    if len(topic) > LONGEST:
        raise _refused(f"a topic has at most {LONGEST} characters")
    return topic


def digest(*parts: str) -> str:
    """One key for all that shapes an answer, the same in every process; 64 hex characters."""
    return sha256("\0".join(parts).encode()).hexdigest()


def _refused(reason: str) -> ApiError:
    problem = FieldProblem("topic", reason)
    return ApiError(400, f"The topic can't be used: {reason}.", (problem,))
