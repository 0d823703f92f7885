"""Whether a request has arrived as a whole."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowalledge_api.arrivals import (
    BODY_SECONDS,
    HEAD_SECONDS,
    LARGEST_HEAD,
    LEAST_RATE,
    LONGEST_CHUNK_LINE,
    MOST_AHEAD,
    Arrival,
    Bounds,
    Patience,
    Stage,
)

HEAD = b"POST / HTTP/1.1\r\nHost: x\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


def arrived(*pieces: bytes, most: int = 1000) -> Stage | int:
    """How far a request has come with the last of these pieces."""
    arrival = Arrival(Bounds(body=most))
    stage: Stage | int = Stage.MORE
    for piece in pieces:
        stage = arrival.add(piece)
    assert (b"".join(arrival.pieces), arrival.size) == (b"".join(pieces), len(b"".join(pieces)))
    return stage


@pytest.mark.parametrize(
    "sent",
    [
        HEAD + b"\r\n",
        b"\r\n" + HEAD + b"\r\n",
        HEAD + b"\r\nGET / HTTP/1.1\r\n",
        HEAD + b"Content-Length: 3\r\n\r\nabc",
        HEAD + b"CONTENT-LENGTH:\t3 \r\n\r\nabcd",
        HEAD + b"Content-Length: 0\r\n\r\n",
        CHUNKED + b"3\r\nabc\r\n0\r\n\r\n",
        CHUNKED + b"00A;x=y;z\r\n0123456789\r\n000\r\n\r\nGET",
    ],
)
def test_a_request_is_whole_with_its_last_byte_however_it_comes(sent: bytes) -> None:
    assert arrived(sent) is Stage.WHOLE
    arrival = Arrival(Bounds(body=1000))
    for came in range(len(sent)):
        if arrival.add(sent[came : came + 1]) is Stage.WHOLE:
            break
    assert sent[came + 1 :] in {b"", b"GET / HTTP/1.1\r\n", b"d", b"GET"}


@pytest.mark.parametrize(
    "sent",
    [
        *(b"G", b"\r\n", HEAD, HEAD + b"\r", b"\r\n\r\n", CHUNKED, CHUNKED + b"0\r\n"),
        *(HEAD + b"Content-Length: 3\r\n\r\nab", CHUNKED + b"3\r\nabc", CHUNKED + b"3"),
    ],
)
def test_before_that_more_is_to_come(sent: bytes) -> None:
    assert arrived(sent) is Stage.MORE


@pytest.mark.parametrize(
    "headers",
    [
        *(b"Content-Length: x\r\n", b"Content-Length: 1\r\nContent-Length: 2\r\n"),
        *(b"Content-Length: -1\r\n", b"Transfer-Encoding: gzip\r\n"),
        b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n",
        b"nonsense\r\n",
    ],
)
def test_what_is_wrong_with_the_headers_the_parser_finds_out_at_once(headers: bytes) -> None:
    assert arrived(HEAD + headers + b"\r\n") is Stage.WHOLE


@pytest.mark.parametrize("first", [b"chunked", b"identity"])
def test_two_lines_of_coding_are_refused(first: bytes) -> None:
    headers = b"Transfer-Encoding: " + first + b"\r\nTransfer-Encoding: chunked\r\n"
    assert arrived(HEAD + headers + b"\r\n") == 400


@pytest.mark.parametrize("length", [b"1001", b"9" * 19, b"9" * 5000])
def test_a_declared_body_over_the_limit_is_413(length: bytes) -> None:
    assert arrived(HEAD + b"Content-Length: " + length + b"\r\n\r\n") == 413
    assert arrived(HEAD + b"Content-Length: 1000\r\n\r\n") is Stage.MORE


def test_a_chunked_body_over_the_limit_is_413() -> None:
    assert arrived(CHUNKED + b"3e9\r\n") == 413
    assert arrived(CHUNKED + b"ffffffffffffffff\r\n") == 413
    chunk = b"64\r\n" + b"a" * 100 + b"\r\n"
    assert arrived(CHUNKED, *[chunk] * 10) is Stage.MORE
    assert arrived(CHUNKED, *[chunk] * 10, b"1\r\n") == 413


def test_a_chunked_body_that_is_nearly_all_framing_is_413() -> None:
    chunk = b"1;" + b"a" * 1000 + b"\r\na\r\n"
    assert arrived(CHUNKED, *[chunk] * 33) is Stage.MORE
    assert arrived(CHUNKED, *[chunk] * 35) == 413


@pytest.mark.parametrize(
    "body",
    [
        *(b"\r\n", b"x\r\n", b"3\n", b"-3\r\n", b"3 \r\n", b"3;\x00\r\n", b"0x3\r\n"),
        *(b"3\r\nabcd\r\n", b"3\r\nabc\n", b"0\r\nTrailer: x\r\n\r\n", b"1" * 17 + b"\r\n"),
        b"a" * (LONGEST_CHUNK_LINE + 1),
    ],
)
def test_a_chunked_body_whose_framing_is_broken_is_400(body: bytes) -> None:
    assert arrived(CHUNKED + body) == 400


@pytest.mark.parametrize(
    "sent", [b"\n", b"GET / HTTP/1.1\nHost: x\n\n", b"GET / HTTP/1.1\r\nA: b\n"]
)
def test_lines_that_end_by_a_line_feed_alone_are_400(sent: bytes) -> None:
    assert arrived(sent) == 400


def test_a_request_line_without_an_end_is_414() -> None:
    assert arrived(b"GET /" + b"a" * 8000) is Stage.MORE
    assert arrived(b"GET /" + b"a" * 8000, b"a" * 200) == 414


@pytest.mark.parametrize("end", [b"", b"\r\n\r\n"])
def test_headers_over_the_limit_are_431(end: bytes) -> None:
    field = b"X-A: " + b"a" * 1000 + b"\r\n"
    assert arrived(HEAD, field * 31) is Stage.MORE
    assert arrived(HEAD, field * (LARGEST_HEAD // 1000 + 1) + end) == 431


def test_who_waits_to_be_told_is_told_once() -> None:
    head = HEAD + b"Expect: 100-Continue\r\nContent-Length: 2\r\n\r\n"
    assert arrived(head) is Stage.CONTINUE
    assert arrived(head, b"a") is Stage.MORE
    assert arrived(head + b"a") is Stage.MORE
    assert arrived(head + b"ab") is Stage.WHOLE
    assert arrived(CHUNKED.replace(b"Host: x", b"Expect: 100-continue")) is Stage.CONTINUE


@pytest.mark.parametrize("sent", [HEAD + b"Content-Length: 2\r\n\r\n", CHUNKED])
def test_it_knows_when_the_headers_are_there(sent: bytes) -> None:
    before, after = Arrival(Bounds(body=10)), Arrival(Bounds(body=10))
    before.add(sent[:-1])
    after.add(sent)
    assert (before.has_head, after.has_head) == (False, True)


def test_headers_have_their_time_however_they_trickle_in() -> None:
    patience = Patience()
    for now in (100.0, 105.0, 109.0):
        patience.hear(1, now, has_head=False)
    assert (patience.since, patience.end) == (100.0, 100.0 + HEAD_SECONDS)


def test_a_body_has_time_by_how_much_of_it_comes() -> None:
    patience = Patience()
    patience.hear(1, 100.0, has_head=False)
    patience.hear(LEAST_RATE, 105.0, has_head=True)
    assert patience.end == 105.0 + BODY_SECONDS + 1
    patience.hear(2 * LEAST_RATE, 106.0, has_head=True)
    assert patience.end == 105.0 + BODY_SECONDS + 3


def test_a_body_that_comes_fast_earns_no_more_than_half_a_minute() -> None:
    patience = Patience()
    patience.hear(10 << 20, 100.0, has_head=True)
    assert patience.end == 100.0 + MOST_AHEAD
    for now in range(110, 400, 10):
        patience.hear(10 * LEAST_RATE, now, has_head=True)
        assert patience.end == now + MOST_AHEAD, "a steady one goes on"


@given(st.lists(st.binary(max_size=50)))
def test_any_bytes_have_come_so_far_or_are_refused(pieces: list[bytes]) -> None:
    arrival = Arrival(Bounds(body=10))
    for piece in pieces:
        stage = arrival.add(piece)
        if stage is not Stage.MORE:
            assert stage in {400, 413, 414, 431, Stage.WHOLE, Stage.CONTINUE}
            break
