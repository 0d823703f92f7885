"""What a line of a log may hold: nothing that ends it, turns it, or passes for a field of it."""

from __future__ import annotations

import json
import re
from typing import Final

_FORGING: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\U000e0000-\U000e007f]"
)
"""What ends a line, turns the reading direction or is not seen: C0, C1, separators, bidi, tags."""
_AMBIGUOUS: Final = re.compile(r'[\s="]')
"""With one of these a value looks like its own end, or like another field."""


def unforged(line: str) -> str:
    """The line with what could forge another as JSON would escape it."""
    return _FORGING.sub(_escape, line)


def field(name: str, value: object) -> str:
    """A field as people read it, its value in quotes where its end would not be plain."""
    text = str(value)
    shown = json.dumps(text, ensure_ascii=False) if _AMBIGUOUS.search(text) else text
    return f"{name}={shown}"


def _escape(found: re.Match[str]) -> str:
    """Beyond 16 bits as two halves, which is how JSON spells it (RFC 8259, 7)."""
    units = found[0].encode("utf-16-be", "surrogatepass").hex()
    return re.sub("....", r"\\u\g<0>", units)
