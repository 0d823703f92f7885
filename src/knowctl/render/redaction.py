"""Takes secrets out of a text that others wrote, such as a traceback or a log, however spelt."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from typing import Final

MASK: Final = "********"
SHORTEST: Final = 4
"""What is shorter protects nothing, and would be found in every other word."""
SHORTEST_ENCODED: Final = 8
"""Of what is shorter, too little is left in base64 to be told from other words."""
_URLSAFE: Final = str.maketrans("+/", "-_")
_CREDENTIALS: Final = (
    re.compile(r"(?<=://)[^\s/@:\"']*:[^\s/@\"']+(?=@)"),
    re.compile(r"(?i)(?<=\bbearer )[^\s\"',]+|(?<=\bbasic )[a-z0-9+/=]{8,}"),
    re.compile(r"\bsk_[A-Za-z0-9_-]{8,}"),
    re.compile(r"\beyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]+"),
)
"""What looks like one: user and password of an address, an Authorization header, a key, a token."""


def redacted(text: str, secrets: Iterable[str]) -> str:
    """The text with a mask for each secret: as it is, or as others spell it.

    Those are URLs, Python, JSON, base64 (also within something longer) and hexadecimal.
    """
    hidden = {each for each in secrets if len(each) >= SHORTEST}
    for secret in sorted(hidden, key=len, reverse=True):  # one may be part of another
        escaped = {each for each in _spelt(secret) if each != secret}  # it may be part of them
        for spelling in sorted(escaped, key=len, reverse=True):
            text = text.replace(spelling, MASK)
        text = _in_urls(secret).sub(MASK, text)
    return text


def without_credentials(text: str) -> str:
    """The text with a mask for what looks like a credential, whosever it is."""
    for pattern in _CREDENTIALS:
        text = pattern.sub(MASK, text)
    return text


def _in_urls(secret: str) -> re.Pattern[str]:
    """It, with any of its characters escaped: which are depends on the part of the URL."""
    return re.compile("".join(f"(?:{'|'.join(_escapes(each))})" for each in secret))


def _escapes(character: str) -> Iterator[str]:
    if not (character.isascii() and character.isalnum()):
        yield "".join(f"(?i:%{byte:02x})" for byte in character.encode(errors="replace"))
    if character == " ":
        yield re.escape("+")
    yield re.escape(character)  # the last: a % is part of its own escape


def _spelt(secret: str) -> Iterator[str]:
    yield repr(secret)[1:-1]
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    if len(secret) >= SHORTEST_ENCODED:
        yield from _encoded(secret.encode(errors="replace"))


def _encoded(content: bytes) -> Iterator[str]:
    """Base64, whatever stands before and behind it there, and hexadecimal."""
    yield content.hex()
    yield content.hex().upper()
    for shift, first in enumerate((0, 2, 3)):
        whole = 8 * (shift + len(content)) // 6
        core = b64encode(bytes(shift) + content).decode()[first:whole]
        yield core
        yield core.translate(_URLSAFE)
