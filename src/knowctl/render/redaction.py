"""Takes known secrets out of a text that others wrote, such as a traceback, however spelt there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import quote, quote_plus

MASK: Final = "********"
SHORTEST: Final = 4
"""What is shorter protects nothing, and would be found in every other word."""


def redacted(text: str, secrets: Iterable[str]) -> str:
    """The text with a mask for each secret: as it is, escaped for a URL, or as Python shows it."""
    spellings = {each for secret in secrets if len(secret) >= SHORTEST for each in _spelt(secret)}
    for spelling in sorted(spellings, key=len, reverse=True):
        text = text.replace(spelling, MASK)
    return text


def _spelt(secret: str) -> Iterator[str]:
    yield secret
    yield repr(secret)[1:-1]
    yield quote(secret, safe="", errors="replace")
    yield quote_plus(secret, errors="replace")
