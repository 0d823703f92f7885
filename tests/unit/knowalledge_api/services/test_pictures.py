"""What a file says of itself as a picture."""

from __future__ import annotations

import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowalledge_api.services.pictures import MOST_STEPS, NotAPictureError, shape_of
from tests.support.pictures import animated, canvas, chunk, gif, jpeg, lossless, lossy, png, riff

SAMPLES = {
    "png": png(7, 5),
    "gif": gif(7, 5),
    "jpg": jpeg(7, 5),
    "lossless": riff(lossless(7, 5)),
    "lossy": riff(lossy(7, 5)),
    "extended": riff(canvas(7, 5), (b"ICCP", b"odd"), lossy(7, 5)),
}
samples = pytest.mark.parametrize("name", SAMPLES)


@samples
def test_the_size_is_read_from_each_format(name: str) -> None:
    shape = shape_of(SAMPLES[name])
    assert (shape.width, shape.height, shape.frames) == (7, 5, 1)
    assert shape.kind == (name if len(name) == 3 else "webp")


@samples
def test_a_file_that_was_cut_off_anywhere_is_none(name: str) -> None:
    for size in range(len(SAMPLES[name])):
        with pytest.raises(NotAPictureError):
            shape_of(SAMPLES[name][:size])


@samples
def test_what_follows_the_end_is_refused_but_after_a_photograph(name: str) -> None:
    data = SAMPLES[name] + b"<script>alert(1)</script>"
    if name == "jpg":
        assert shape_of(data).pixels == 35
    else:
        with pytest.raises(NotAPictureError):
            shape_of(data)


@pytest.mark.parametrize(
    ("data", "pixels"),
    [
        (png(1, 1, chunk(b"acTL", struct.pack(">II", 5000, 0))), 5000),
        (png(1, 1, chunk(b"fcTL", struct.pack(">III", 0, 900, 800)) * 2), 1_440_000),
        (png(1, 1, chunk(b"IHDR", struct.pack(">II", 30000, 30000) + bytes(5))), 900_000_000),
        (gif(65535, 65535), 65535**2),
        (gif(100, 100, frames=1000), 10_000_000),
        (jpeg(65535, 65535), 65535**2),
        (riff(lossless(16384, 16384)), 16384**2),
        (riff(lossy(16383, 16383)), 16383**2),
        (riff(canvas(1 << 24, 1 << 24), lossy(1, 1)), 1 << 48),
        (riff(canvas(1, 1), animated(lossless(16384, 16384)), animated(lossy(1, 1))), 1 << 29),
    ],
)
def test_the_largest_claim_counts_and_every_frame(data: bytes, pixels: int) -> None:
    assert shape_of(data).pixels == pixels


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"<!doctype html><p>",
        b"BM" + bytes(60),
        png(3, 3).replace(b"IDAT", b"IDAX"),
        png(0, 3),
        b"\x89PNG\r\n\x1a\n" + chunk(b"IEND", b""),
        png(3, 3)[:33] + chunk(b"IEND", b""),
        gif(3, 3, frames=0),
        b"GIF88a" + gif(3, 3)[6:],
        gif(3, 3)[:-1] + b"x;",
        jpeg(3, 0),
        b"\xff\xd8\xff\x01\xff\xd9",
        b"\xff\xd8\xff\xe0\x00\x01",
        b"\xff\xd8\xff\xe0\x00\x02x",
        riff(canvas(3, 3)),
        riff((b"VP8 ", bytes(10))),
        riff((b"VP8L", b"\x2f")),
        riff(lossy(3, 3)).replace(b"WEBP", b"WAVE"),
    ],
)
def test_what_is_none_is_refused(data: bytes) -> None:
    with pytest.raises(NotAPictureError):
        shape_of(data)


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xd8" + b"\xff" * (MOST_STEPS + 9),
        gif(1, 1)[:-2] + b"\x01a" * MOST_STEPS + b"\x00;",
        jpeg(1, 1)[:-3] + b"\xff\x01" * MOST_STEPS + b"\xff\xd9",
    ],
)
def test_a_file_of_very_many_pieces_is_given_up(data: bytes) -> None:
    with pytest.raises(NotAPictureError):
        shape_of(data)


@given(
    st.sampled_from([*SAMPLES.values(), b""]),
    st.integers(0, 80),
    st.integers(0, 8),
    st.binary(max_size=40),
)
def test_any_bytes_are_a_picture_or_none(data: bytes, at: int, cut: int, put: bytes) -> None:
    with suppress(NotAPictureError):
        assert shape_of(data[:at] + put + data[at + cut :]).pixels > 0
