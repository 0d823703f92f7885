"""What a file says of itself as a picture: read from its structure, without decoding a pixel."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final
from zlib import crc32

MOST_STEPS: Final = 200_000
"""Pieces of a file that are looked at: a GIF of 10 MB has 80 000 where its blocks are full."""
PNG_BEGIN: Final = b"\x89PNG\r\n\x1a\n"
JPEG_BEGIN: Final = b"\xff\xd8\xff"
_LOSSLESS_HEAD: Final = 5
_JPEG_FRAMES: Final = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_JPEG_ALONE: Final = frozenset({0x01, *range(0xD0, 0xD9)})
_JPEG_FILL: Final = 0xFF
_JPEG_SCAN: Final = 0xDA
_JPEG_END: Final = 0xD9
_AFTER_SCAN: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
"""The next marker: a scan has only stuffed bytes and restarts."""


class NotAPictureError(ValueError):
    """The bytes are no whole file of a format that is taken."""


@dataclass(slots=True)
class Shape:
    """A format, the canvas in pixels, and how many frames there are."""

    kind: str
    width: int = 0
    height: int = 0
    frames: int = 0

    @property
    def pixels(self) -> int:
        """Of all frames together: what a decoder may have to make of it."""
        return self.width * self.height * self.frames

    def hold(self, width: int, height: int) -> None:
        """Let the canvas be at least so large."""
        self.width = max(self.width, width)
        self.height = max(self.height, height)


@dataclass(slots=True)
class Reader:
    """Bytes from the first to the last, in steps that are counted."""

    data: bytes
    at: int = 0
    steps: int = field(default=MOST_STEPS)

    def take(self, size: int) -> bytes:
        """The next bytes; NotAPictureError where there are fewer."""
        begin = self.at
        self.skip(size)
        return self.data[begin : self.at]

    def skip(self, size: int) -> None:
        """Pass over bytes that have to be there."""
        self.at += size
        self.steps -= 1
        if size < 0 or self.at > len(self.data) or self.steps < 0:
            raise NotAPictureError

    def big(self, size: int) -> int:
        """A number, its highest byte first."""
        return int.from_bytes(self.take(size), "big")

    def little(self, size: int) -> int:
        """A number, its lowest byte first."""
        return int.from_bytes(self.take(size), "little")

    @property
    def is_over(self) -> bool:
        """Whether nothing is left."""
        return self.at >= len(self.data)


def shape_of(data: bytes) -> Shape:
    """The shape of a PNG, JPEG, GIF or WebP file; NotAPictureError where it is none, whole."""
    for begin, reads in READERS.items():
        if data.startswith(begin):
            shape = reads(Reader(data, len(begin)))
            if not shape.pixels:
                raise NotAPictureError
            return shape
    raise NotAPictureError


def _png(reader: Reader) -> Shape:
    """IHDR first, IEND last and nothing after it; every chunk's checksum is right."""
    shape, announced, has_data = Shape("png"), 1, False
    while True:
        name, content = _chunk(reader)
        if not shape.width and name != b"IHDR":
            raise NotAPictureError
        if name == b"IHDR":  # a second one is against the rules, and some decoders go by it
            shape.hold(*_two(content, 4, "big"))
        elif name == b"acTL":
            announced = int.from_bytes(content[:4], "big")
        elif name == b"fcTL":
            shape.frames += 1
            shape.hold(*_two(content[4:12], 4, "big"))
        has_data |= name == b"IDAT"
        if name == b"IEND":
            break
    if not has_data or not reader.is_over:
        raise NotAPictureError
    shape.frames = max(shape.frames, announced, 1)
    return shape


def _chunk(reader: Reader) -> tuple[bytes, bytes]:
    size, name = reader.big(4), reader.take(4)
    content = reader.take(size)
    if reader.big(4) != crc32(content, crc32(name)):
        raise NotAPictureError
    if name == b"IHDR" and 0 in _two(content, 4, "big"):
        raise NotAPictureError
    return name, content


def _gif(reader: Reader) -> Shape:
    """Blocks up to the trailer, and nothing after it; a frame may be larger than the canvas."""
    if reader.take(3) not in {b"87a", b"89a"}:
        raise NotAPictureError
    shape = Shape("gif", reader.little(2), reader.little(2))
    _skip_colours(reader, reader.take(3)[0])
    while (block := reader.take(1)) != b";":
        if block == b",":
            left, top, width, height = (reader.little(2) for _ in range(4))
            shape.hold(left + width, top + height)
            shape.frames += 1
            _skip_colours(reader, reader.take(1)[0])
        elif block != b"!":
            raise NotAPictureError
        reader.skip(1)  # the least code size, or the kind of an extension
        while size := reader.take(1)[0]:
            reader.skip(size)
    if not reader.is_over:
        raise NotAPictureError
    return shape


def _skip_colours(reader: Reader, flags: int) -> None:
    if flags & 0x80:
        reader.skip(3 << ((flags & 7) + 1))


def _jpeg(reader: Reader) -> Shape:
    """Segments and scans up to the end marker; telephones append more pictures after it."""
    reader.at -= 1  # the marker after the first begins with the 0xff that was looked at
    shape, has_scan = Shape("jpg"), False
    while (marker := _marker(reader)) != _JPEG_END:
        if marker in _JPEG_ALONE:
            continue
        content = reader.take(reader.big(2) - 2)
        if marker in _JPEG_FRAMES:
            height, width = _two(content[1:5], 2, "big")
            shape.hold(width, height)
            shape.frames += 1
        elif marker == _JPEG_SCAN:
            has_scan = True
            after = _AFTER_SCAN.search(reader.data, reader.at)
            reader.skip(after.start() - reader.at if after else -1)
    if not has_scan:
        raise NotAPictureError
    return shape


def _marker(reader: Reader) -> int:
    if reader.take(1) != b"\xff":
        raise NotAPictureError
    while (marker := reader.take(1)[0]) == _JPEG_FILL:
        pass
    return marker


def _webp(reader: Reader) -> Shape:
    """Chunks that fill the file; a frame may claim to be larger than the canvas."""
    if reader.little(4) != len(reader.data) - 8 or reader.take(4) != b"WEBP":
        raise NotAPictureError
    shape = Shape("webp")
    while not reader.is_over:
        name, size = reader.take(4), reader.little(4)
        end = reader.at + size + (size & 1)
        if name == b"ANMF":
            end = reader.at + 16  # what is in a frame is chunks again
        head = reader.take(min(size, 16))
        reader.skip(end - reader.at)
        if name in _WEBP:
            shape.hold(*_WEBP[name](head))
            shape.frames += name in {b"VP8 ", b"VP8L"}
    return shape


def _canvas(head: bytes) -> tuple[int, int]:
    width, height = _two(head[4:10], 3, "little")
    return width + 1, height + 1


def _lossy(head: bytes) -> tuple[int, int]:
    if head[3:6] != b"\x9d\x01\x2a":
        raise NotAPictureError
    width, height = _two(head[6:10], 2, "little")
    return width & 0x3FFF, height & 0x3FFF


def _lossless(head: bytes) -> tuple[int, int]:
    if head[:1] != b"\x2f" or len(head) < _LOSSLESS_HEAD:
        raise NotAPictureError
    bits = int.from_bytes(head[1:5], "little")
    return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1


def _frame(head: bytes) -> tuple[int, int]:
    width, height = _two(head[6:12], 3, "little")
    return width + 1, height + 1


def _two(data: bytes, size: int, order: str) -> tuple[int, int]:
    """Two numbers one after the other; NotAPictureError where they are not there."""
    if len(data) < 2 * size:
        raise NotAPictureError
    first, second = data[:size], data[size : 2 * size]
    if order == "big":
        return int.from_bytes(first, "big"), int.from_bytes(second, "big")
    return int.from_bytes(first, "little"), int.from_bytes(second, "little")


_WEBP: Final[Mapping[bytes, Callable[[bytes], tuple[int, int]]]] = {
    b"VP8X": _canvas,
    b"VP8 ": _lossy,
    b"VP8L": _lossless,
    b"ANMF": _frame,
}
READERS: Final[Mapping[bytes, Callable[[Reader], Shape]]] = {
    PNG_BEGIN: _png,
    JPEG_BEGIN: _jpeg,
    b"GIF": _gif,
    b"RIFF": _webp,
}
