"""The numbers of one process in memory that others can read: 8 bytes each, behind their keys."""

from __future__ import annotations

import mmap
import os
import struct
from typing import Final

CAPACITY: Final = 1 << 18
"""Bytes of one process: three times what all routes with eight statuses each take."""
HEADER: Final = 8
_LENGTH: Final = struct.Struct("=q")
_NUMBER: Final = struct.Struct("=d")


class Cells:
    """Cells of the form length, key, number, each on a multiple of 8 bytes.

    `values` is the memory as numbers: writing one is a single store, so that whoever reads the
    file sees the old or the new one, whenever this process ends. For one thread at a time.
    """

    def __init__(self, memory: mmap.mmap | bytearray) -> None:
        self._memory = memory
        self._bytes = memoryview(memory)
        self.values = self._bytes.cast("d")
        self._used = HEADER * 2  # the first number is of cells that had no room
        self._mark()

    def allot(self, key: str) -> int:
        """The place in `values` of a new cell; 0-based, and one that nobody reads if it is full."""
        encoded = key.encode()
        padded = encoded + bytes(-len(encoded) % 8)
        begin = self._used + HEADER
        end = begin + len(padded) + 8
        if end > len(self._bytes):
            return 1
        self._bytes[self._used : begin] = _LENGTH.pack(len(encoded))
        self._bytes[begin:end] = padded + bytes(8)
        self._used = end
        self._mark()  # last: a reader sees whole cells only
        return end // 8 - 1

    def numbers(self) -> dict[str, float]:
        """What is in it."""
        return read(bytes(self._bytes[: self._used]))

    def close(self) -> None:
        """Let go of the memory."""
        self.values.release()
        self._bytes.release()
        if isinstance(self._memory, mmap.mmap):
            self._memory.close()

    def _mark(self) -> None:
        self._bytes[:HEADER] = _LENGTH.pack(self._used)


def in_private() -> Cells:
    """Cells that this process alone can read."""
    return Cells(bytearray(CAPACITY))


def in_file(descriptor: int) -> Cells:
    """Cells in an empty file; OSError where there is no room.

    The room is taken at once: on a full file system a process would be ended in a later write.
    """
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, CAPACITY)
    else:
        os.ftruncate(descriptor, CAPACITY)
    return Cells(mmap.mmap(descriptor, CAPACITY))


def read(content: bytes) -> dict[str, float]:
    """The numbers in the bytes of a process's file; where it is cut off, those that are there."""
    if len(content) < HEADER:
        return {}
    numbers: dict[str, float] = {}
    end = min(_LENGTH.unpack_from(content)[0], len(content))
    place = HEADER * 2
    while place + HEADER <= end:
        length = _LENGTH.unpack_from(content, place)[0]
        begin = place + HEADER
        place = begin + length + (-length % 8) + 8
        if not 0 <= length <= end or place > end:
            break
        key = content[begin : begin + length].decode(errors="replace")
        numbers[key] = _NUMBER.unpack_from(content, place - 8)[0]
    return numbers
