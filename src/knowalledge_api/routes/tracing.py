"""The names of a request: its id, and the trace that it belongs to."""

from __future__ import annotations

import os
import re
from collections import deque
from typing import Final

BATCH: Final = 64
"""Ids drawn at once: a question to the kernel each would cost more than all the rest of an id."""
_BYTES: Final = 16
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,128}")
_TRACEPARENT: Final = re.compile(r"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(-.*)?")
_NO_TRACE: Final = "0" * 32

_drawn: Final[deque[str]] = deque()
if hasattr(os, "register_at_fork"):  # two processes must not give the same ids
    os.register_at_fork(after_in_child=_drawn.clear)


def request_id_of(given: str | None) -> str:
    """The client's id where it is a plain one, so that it can be logged and sent back."""
    if given and _REQUEST_ID.fullmatch(given):
        return given
    return fresh_id()


def fresh_id() -> str:
    """128 random bits in hexadecimal."""
    try:
        return _drawn.pop()
    except IndexError:
        text = os.urandom(_BYTES * BATCH).hex()
        _drawn.extend(text[at : at + 2 * _BYTES] for at in range(2 * _BYTES, len(text), 2 * _BYTES))
        return text[: 2 * _BYTES]


def trace_id_of(traceparent: str | None) -> str | None:
    """The trace id of a W3C traceparent header; None where it names none."""
    found = _TRACEPARENT.fullmatch(traceparent) if traceparent else None
    return found[1] if found and found[1] != _NO_TRACE else None
