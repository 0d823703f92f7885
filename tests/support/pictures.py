"""Small pictures of each format, and files that claim to be larger than they are."""

from __future__ import annotations

import struct
import zlib


def chunk(name: bytes, content: bytes) -> bytes:
    """A chunk of a PNG."""
    checksum = zlib.crc32(content, zlib.crc32(name))
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", checksum)


def png(width: int, height: int, *before: bytes) -> bytes:
    """A black picture of one bit a pixel, with these chunks before its data."""
    rows = zlib.compressobj(9)
    row = bytes(1 + (width + 7) // 8)
    data = b"".join(rows.compress(row) for _ in range(height)) + rows.flush()
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
    end = chunk(b"IDAT", data) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(before) + end


def gif(width: int, height: int, frames: int = 1, canvas: int = 1) -> bytes:
    """Frames of so many pixels, on a canvas that may be smaller."""
    head = b"GIF89a" + struct.pack("<HHBBB", canvas, canvas, 0x80, 0, 0) + bytes(6)
    frame = b"," + struct.pack("<HHHHB", 0, 0, width, height, 0) + b"\x02\x02\x44\x01\x00"
    return head + b"!\xf9\x04" + bytes(4) + b"\x00" + frame * frames + b";"


def jpeg(width: int, height: int) -> bytes:
    """The segments of a grey picture; its scan has stuffed bytes and a restart."""
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 11, 8, height, width, 1) + b"\x01\x11\x00"
    scan = b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" + b"a\xff\x00b\xff\xd0c"
    return b"\xff\xd8\xff\xe0\x00\x04ab" + frame + scan + b"\xff\xff\xd9"


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    """A WebP file of these chunks."""
    body = b"WEBP" + b"".join(
        name + struct.pack("<I", len(content)) + content + bytes(len(content) & 1)
        for name, content in chunks
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body


def lossless(width: int, height: int) -> tuple[bytes, bytes]:
    """A chunk that claims a lossless picture of that size."""
    return b"VP8L", b"\x2f" + struct.pack("<I", (width - 1) | (height - 1) << 14)


def lossy(width: int, height: int) -> tuple[bytes, bytes]:
    """A chunk that claims a lossy one."""
    return b"VP8 ", b"\0\0\0\x9d\x01\x2a" + struct.pack("<HH", width, height)


def canvas(width: int, height: int) -> tuple[bytes, bytes]:
    """A chunk that claims a canvas."""
    sizes = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return b"VP8X", bytes(4) + sizes


def animated(inner: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
    """A frame of one pixel with a picture in it that may be larger."""
    name, content = inner
    sub = name + struct.pack("<I", len(content)) + content + bytes(len(content) & 1)
    return b"ANMF", bytes(16) + sub


def form(*parts: tuple[str, bytes], boundary: str = "x") -> bytes:
    """A form of parts, each its Content-Disposition after `form-data; ` and its content."""
    made = b"".join(
        f"--{boundary}\r\nContent-Disposition: form-data; {about}\r\n\r\n".encode() + body + b"\r\n"
        for about, body in parts
    )
    return made + f"--{boundary}--\r\n".encode()
