from __future__ import annotations

import io
import socket
from http.client import HTTPException, HTTPResponse
from time import monotonic
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from knowctl.probes.exchange import (
    LARGEST_ANSWER,
    LONGEST_LINE,
    MOST_LINES,
    Answered,
    Incoming,
    NoHTTPError,
    answer,
    ask,
    until,
)

OK = b"HTTP/1.1 200 OK\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


def read(came: bytes) -> Answered:
    return answer(io.BytesIO(came))


@pytest.mark.parametrize(
    ("came", "status", "body"),
    [
        (OK + b"Content-Length: 2\r\n\r\n{}and more", 200, b"{}"),
        (OK + b"content-length:2\n\n{}", 200, b"{}"),
        (OK + b"\r\nto the end", 200, b"to the end"),
        (OK + b"Content-Length: nonsense\r\n\r\nto the end", 200, b"to the end"),
        (b"HTTP/1.0 503\r\n\r\nno", 503, b"no"),
        (CHUNKED + b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: x\r\n\r\n", 200, b"abcde"),
        (CONTINUE + b"HTTP/1.1 103 Hints\r\nLink: x\r\n\r\n" + OK + b"\r\na", 200, b"a"),
        (b"HTTP/1.1 204 No\r\n\r\nignored", 204, b""),
        (b"HTTP/1.1 304 Same\r\nContent-Length: 9\r\n\r\n", 304, b""),
        (OK + b"Content-Length: 99\r\n\r\n{", 200, b"{"),
        (OK, 200, b""),
    ],
)  # fmt: skip
def test_an_answer_is_its_status_and_its_body(came: bytes, status: int, body: bytes) -> None:
    assert read(came) == (status, body)


@pytest.mark.parametrize(
    ("came", "why"),
    [
        (b"", "closed the connection"),
        (b"SSH-2.0-OpenSSH_9\r\n", "no HTTP"),
        (b"HTTP/2 200\r\n\r\n", "no HTTP"),
        (b"HTTP/1.1 2000 OK\r\n\r\n", "no HTTP"),
        (b"HTTP/1.1 -20 OK\r\n\r\n", "no HTTP"),
        (b"HTTP/1.1 200 OK" + b"K" * LONGEST_LINE, "status line of it is too long"),
        (OK + b"X: " + b"x" * LONGEST_LINE, "header line of it is too long"),
        (OK + b"X: y\r\n" * (MOST_LINES + 1), "more than 100 header lines"),
        (CONTINUE * (MOST_LINES + 1), "never comes to its answer"),
        (CHUNKED + b"\r\n", "no size"),
        (CHUNKED + b"3\r\nab", "no size"),
        (CHUNKED + b"-3\r\nabc", "no size"),
        (CHUNKED + b"0x3\r\nabc", "no size"),
        (CHUNKED + b"1_0\r\nabc", "no size"),
        (CHUNKED + b"1;" + b"x" * LONGEST_LINE, "chunk line of it is too long"),
    ],
)
def test_what_is_no_answer_is_told(came: bytes, why: str) -> None:
    with pytest.raises(NoHTTPError, match=why):
        read(came)


@pytest.mark.parametrize(
    "began",
    [
        OK + b"\r\n",
        OK + b"Content-Length: %d\r\n\r\n" % (LARGEST_ANSWER + 9),
        CHUNKED + b"%x\r\n" % (LARGEST_ANSWER + 9),
    ],
)
def test_no_more_of_a_body_is_read_than_is_taken(began: bytes) -> None:
    stream = io.BytesIO(began + b"x" * (LARGEST_ANSWER + 9))
    assert len(answer(stream).body) == LARGEST_ANSWER
    assert stream.tell() <= len(began) + LARGEST_ANSWER + 9


class Played:
    """What http.client reads from in place of a socket."""

    def __init__(self, came: bytes) -> None:
        self._came = came

    def makefile(self, _mode: str) -> io.BytesIO:
        return io.BytesIO(self._came)


def as_the_library_reads(came: bytes) -> Answered | None:
    plug: Any = Played(came)
    response = HTTPResponse(plug)
    try:
        response.begin()
        return Answered(response.status, response.read(LARGEST_ANSWER))
    except (HTTPException, ValueError):
        return None
    finally:
        response.close()


def chunk(part: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(part), part)


BODIES = st.binary(max_size=40)
FIELDS = st.sampled_from([b"", b"Server: x\r\n", b"X-Odd:\r\n", b"Connection: close\r\n"])
ANSWERS = st.one_of(
    st.builds(lambda field, body: OK + field + b"\r\n" + body, FIELDS, BODIES),
    st.builds(
        lambda field, body: OK + field + b"Content-Length: %d\r\n\r\n" % len(body) + body + b"more",
        FIELDS, BODIES,
    ),
    st.builds(
        lambda parts, field: CHUNKED + b"".join(map(chunk, parts)) + b"0\r\n" + field + b"\r\n",
        st.lists(BODIES.filter(bool), max_size=4), FIELDS,
    ),
    st.builds(lambda body: CONTINUE + OK + b"\r\n" + body, BODIES),
)  # fmt: skip


@given(ANSWERS)
@example(b"HTTP/1.0 404 Not Found\r\nContent-Length: 0\r\n\r\n")
@example(b"HTTP/1.1 500\r\n\r\n")
def test_what_can_be_read_is_read_as_the_standard_library_reads_it(came: bytes) -> None:
    assert read(came) == as_the_library_reads(came)


@given(st.binary(max_size=60).map(lambda noise: OK + noise) | st.binary(max_size=60))
def test_noise_is_read_or_told_and_nothing_else(came: bytes) -> None:
    try:
        status, _ = read(came)
    except NoHTTPError:
        return
    assert 100 < status < 1000


def test_a_question_is_written_whole_and_says_that_it_is_the_only_one() -> None:
    near, far = socket.socketpair()
    with near, far:
        far.sendall(OK + b"\r\n")
        far.shutdown(socket.SHUT_WR)
        assert ask(near, "/ready", {"Host": "a:1", "Accept": "x"}, monotonic() + 5).status == 200
        heard = far.recv(4096)
    assert heard == b"GET /ready HTTP/1.1\r\nHost: a:1\r\nAccept: x\r\nConnection: close\r\n\r\n"


def test_the_time_is_one_for_all_that_is_done() -> None:
    near, far = socket.socketpair()
    with near, far:
        until(near, monotonic() + 9)
        assert 8 < (near.gettimeout() or 0) <= 9
        with pytest.raises(TimeoutError):
            until(near, monotonic())
        with pytest.raises(TimeoutError):
            Incoming(near, monotonic() + 0.02).read(1)
