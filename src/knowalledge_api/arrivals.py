"""Whether a request has arrived as a whole: what a server may know before it gives it a thread."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from enum import Enum
from typing import Final

HEAD_END: Final = b"\r\n\r\n"
LARGEST_HEAD: Final = 32768
"""Bytes of request line and headers together; nginx takes four buffers of 8 KiB as well."""
LONGEST_LINE: Final = 8190
"""Bytes of a request line that has no end yet."""
LONGEST_CHUNK_LINE: Final = 1024
MOST_DIGITS: Final = 18
"""Of a length; no body has more."""
FRAMING: Final = 2
"""A chunked body may take so many times the largest body on the wire, and a head beside."""
_SIZE: Final = re.compile(rb"([0-9A-Fa-f]{1,16})(;[\w.-]+(=[\w.-]+)?)*\r\n")
"""The line before a chunk, with extensions of the plain kind alone."""


HEAD_SECONDS: Final = 10.0
"""From the first byte of a request to the end of its headers."""
BODY_SECONDS: Final = 10.0
"""What a body may take beside its own time at the least rate."""
LEAST_RATE: Final = 4096
"""Bytes of a body a second: a poor mobile link has twice that."""
MOST_AHEAD: Final = 30.0
"""Seconds of silence that a body may earn by coming faster."""


class Patience:
    """For how long a request is waited for, by time.monotonic(); 0 where none has begun."""

    __slots__ = ("_in_body", "end", "since")

    def __init__(self) -> None:
        self.since = 0.0
        self.end = 0.0
        self._in_body = False

    def hear(self, size: int, now: float, *, has_head: bool) -> None:
        """So many bytes have come; of headers they do not give it more time, of a body they do."""
        if not self.since:
            self.since = now
            self.end = now + HEAD_SECONDS
        if not has_head:
            return
        if not self._in_body:
            self._in_body = True
            self.end = now + BODY_SECONDS
        self.end = min(self.end + size / LEAST_RATE, now + MOST_AHEAD)


class Stage(Enum):
    """How far a request has come."""

    MORE = "more is to come"
    CONTINUE = "the client waits to be told to go on"
    WHOLE = "it is there, or its parser will say what is wrong with it"


@dataclass(frozen=True, slots=True)
class Bounds:
    """The largest body, in bytes."""

    body: int


class Arrival:
    """One request while it comes in, as the pieces that were received.

    The bytes are looked at for their framing alone: what is wrong with a request that has come to
    its end its parser finds out. What has no end in sight is refused here, by its status.
    """

    __slots__ = ("_bounds", "_chunks", "_head", "_missing", "pieces", "size")

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._head = b""
        self._missing = -1
        self._chunks: Chunks | None = None
        self.pieces: deque[bytes] = deque()
        self.size = 0

    @property
    def has_head(self) -> bool:
        """Whether the headers are there."""
        return self._missing >= 0 or self._chunks is not None

    def add(self, data: bytes) -> Stage | int:
        """Take what was received; how far the request has come, or the status to refuse it with."""
        self.pieces.append(data)
        self.size += len(data)
        if self._chunks is not None:
            return self._chunks.add(data)
        if self._missing >= 0:
            self._missing = max(0, self._missing - len(data))
            return Stage.MORE if self._missing else Stage.WHOLE
        head = self._head + data if self._head else data
        end = head.find(HEAD_END, 2 if head.startswith(b"\r\n") else 0)
        if end < 0:
            self._head = head
            return _unfinished(head)
        self._head = b""
        if end > LARGEST_HEAD:
            return 431
        return self._begin_body(head[: end + 2].lower(), head[end + 4 :])

    def _begin_body(self, head: bytes, begun: bytes) -> Stage | int:
        """Find out how long the body is. `head` is in lower case, its last line ended."""
        length, chunked = _values(head, b"content-length"), _values(head, b"transfer-encoding")
        if chunked:
            if len(chunked) > 1:
                return 400  # whoever reads it has to join the lines, and not all do
            if length or b"chunked" not in chunked[0]:
                return Stage.WHOLE
            self._chunks = Chunks(self._bounds.body)
            stage = self._chunks.add(begun)
        elif len(length) == 1 and length[0].isdigit():
            if len(length[0]) > MOST_DIGITS or int(length[0]) > self._bounds.body:
                return 413
            self._missing = max(0, int(length[0]) - len(begun))
            stage = Stage.MORE if self._missing else Stage.WHOLE
        else:
            return Stage.WHOLE
        waits = stage is Stage.MORE and not begun and b"100-continue" in _values(head, b"expect")
        return Stage.CONTINUE if waits else stage


class Chunks:
    """A chunked body (RFC 9112, 7.1), followed to its end; its bytes are not kept.

    It is refused where its framing is broken, so that no thread waits for what will not come, and
    where it has trailers, which nobody here reads.
    """

    __slots__ = ("_announced", "_left", "_line", "_most", "_next", "_received")

    def __init__(self, most: int) -> None:
        self._most = most
        self._announced = 0
        self._received = 0
        self._left = 0
        self._line = b""
        self._next = _Line.SIZE

    def add(self, data: bytes) -> Stage | int:
        """Take what was received; how far the body has come, or the status to refuse it with."""
        self._received += len(data)
        if self._received > FRAMING * self._most + LARGEST_HEAD:
            return 413
        at = 0
        while at < len(data):
            if self._left:
                step = min(self._left, len(data) - at)
                self._left -= step
                at += step
                continue
            end = data.find(b"\n", at) + 1 or len(data)
            self._line += data[at:end]
            at = end
            if self._line.endswith(b"\n"):
                line, self._line = self._line, b""
                stage = self._end_of_line(line)
                if stage is not Stage.MORE:
                    return stage
        return 400 if len(self._line) > LONGEST_CHUNK_LINE else Stage.MORE

    def _end_of_line(self, line: bytes) -> Stage | int:
        if self._next is _Line.SIZE:
            return self._begin_chunk(line)
        if line != b"\r\n":
            return 400
        ended, self._next = self._next is _Line.LAST, _Line.SIZE
        return Stage.WHOLE if ended else Stage.MORE

    def _begin_chunk(self, line: bytes) -> Stage | int:
        found = _SIZE.fullmatch(line)
        if not found:
            return 400
        self._left = int(found[1], 16)
        self._announced += self._left
        self._next = _Line.AFTER_DATA if self._left else _Line.LAST
        return 413 if self._announced > self._most else Stage.MORE


class _Line(Enum):
    """What the next line of a chunked body is."""

    SIZE = "the size of a chunk"
    AFTER_DATA = "the end of its data"
    LAST = "the end of all"


def _unfinished(head: bytes) -> Stage | int:
    """Whether headers without an end may still come to one."""
    if head.count(b"\n") != head.count(b"\r\n"):
        return 400  # RFC 9112, 2.2: a line ended by itself, so the end would never be seen
    if len(head) > LONGEST_LINE and b"\r\n" not in head[2:LONGEST_LINE]:
        return 414
    return 431 if len(head) > LARGEST_HEAD else Stage.MORE


def _values(head: bytes, name: bytes) -> list[bytes]:
    """What a header says, each time that it is there."""
    found: list[bytes] = []
    start = head.find(b"\r\n" + name + b":")
    while start >= 0:
        begin = start + len(name) + 3
        found.append(head[begin : head.find(b"\r\n", begin)].strip(b" \t"))
        start = head.find(b"\r\n" + name + b":", begin)
    return found
