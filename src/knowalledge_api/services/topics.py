"""What counts as a topic: any text that a person may write, in one normal form."""

from __future__ import annotations

import unicodedata
from hashlib import sha256
from typing import Final

from knowalledge_api.errors import ApiError, FieldProblem

LONGEST: Final = 200
MOST_SIGNS: Final = 4 * LONGEST
"""Of a topic that is not in NFC yet, which no letter needs more of. To normalise marks without end
takes time by the square of their number, in which nothing else runs in the process."""
REFUSED: Final = frozenset({"Cc", "Cs"})
"""Unicode categories that are no text: control characters and halves of surrogate pairs."""


def normalise_topic(text: str, field: str = "topic") -> str:
    """The topic in NFC, trimmed, runs of blanks collapsed; ApiError 400 where it is none.

    `field` is what it is called where it was sent.
    """
    trimmed = text.strip()
    if not trimmed.isprintable() and _has_refused(trimmed):  # what is printable has none of them
        raise _refused(field, "a topic is text without control characters")
    plain = " ".join(trimmed.split())
    if not plain:
        raise _refused(field, "a topic is required")
    topic = unicodedata.normalize("NFC", plain) if len(plain) <= MOST_SIGNS else plain
    if len(topic) > LONGEST:
        raise _refused(field, f"a topic has at most {LONGEST} characters")
    return topic


def digest(*parts: str) -> str:
    """One key for all that shapes an answer, the same in every process; 64 hex characters."""
    return sha256("\0".join(parts).encode()).hexdigest()


def _has_refused(text: str) -> bool:
    return any(unicodedata.category(character) in REFUSED for character in text)


def _refused(field: str, reason: str) -> ApiError:
    return ApiError(400, f"The {field} can't be used: {reason}.", (FieldProblem(field, reason),))
