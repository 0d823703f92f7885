"""A connection of gunicorn's."""

from __future__ import annotations

import socket
import ssl
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

if sys.platform == "win32":
    pytest.skip("gunicorn needs POSIX", allow_module_level=True)

from gunicorn.config import Config
from gunicorn.http import errors
from gunicorn.workers.gthread import TConn

from knowalledge_api.arrivals import Bounds, Stage
from knowalledge_api.gunicorn_connection import SMALLEST, Connection, Held
from tests.support.workers import Plug

BOUNDS = Bounds(body=1 << 20)


def connection(plug: Plug, client: Any = ("192.0.2.1", 5)) -> Connection:
    return Connection(Config(), plug, client, ("192.0.2.2", 80), BOUNDS)


def handed_over(sent: bytes) -> Connection:
    conn = connection(Plug())
    assert conn.add(sent) is Stage.WHOLE
    conn.hand_over()
    return conn


def test_it_is_still_what_gunicorn_takes_for_one() -> None:
    conn = connection(Plug())
    assert {"is_http2", "parser", "timeout"} <= set(vars(conn))
    assert isinstance(conn, TConn)


def test_what_has_come_is_received_and_nobody_is_waited_for() -> None:
    conn = connection(Plug(b"GET", BlockingIOError(), ssl.SSLWantReadError(), b""))
    assert [conn.receive() for _ in range(4)] == [b"GET", None, None, b""]
    assert connection(Plug(ConnectionResetError())).receive() == b""
    assert connection(Plug(ssl.SSLError(1, "http request"))).receive() == b""


@pytest.mark.parametrize(("client", "address"), [(("::1", 5, 0, 0), "::1"), ("", ""), (b"", "")])
def test_its_client_has_an_address_where_there_is_one(client: Any, address: str) -> None:
    assert connection(Plug(), client).address == address


def test_the_parser_reads_what_has_arrived_and_then_the_end() -> None:
    conn = handed_over(b"POST /a?b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabcGET")
    request = next(conn.parser)
    assert (request.method, request.path, request.body.read()) == ("POST", "/a", b"abc")
    assert conn.renew() == b"GET"
    assert conn.renew() == b""


def test_no_thread_waits_for_what_the_parser_expects_and_nobody_sends() -> None:
    conn = connection(Plug())
    conn.arrival.pieces.append(b"GET / HTTP/1.1\r\n")
    conn.hand_over()
    with pytest.raises(errors.NoMoreData):
        next(conn.parser)


def test_nothing_is_left_of_a_connection_that_never_spoke() -> None:
    assert connection(Plug()).renew() == b""


def test_a_large_piece_is_given_away_in_small_ones_unless_more_is_asked_for() -> None:
    held = Held(Plug())
    held.pieces.extend([b"a" * (2 * SMALLEST), b"b"])
    assert held.chunk() == b"a" * SMALLEST
    assert held.chunk(SMALLEST * 4) == b"a" * SMALLEST
    assert [held.chunk(), held.chunk()] == [b"b", b""]


BODY = st.lists(st.binary(min_size=1, max_size=40), max_size=5)


def framed(body: list[bytes], *, chunked: bool) -> bytes:
    if not chunked:
        size = sum(map(len, body))
        return b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % size + b"".join(body)
    chunks = b"".join(b"%x;a=b\r\n%s\r\n" % (len(each), each) for each in body)
    return b"POST / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n" + chunks + b"0\r\n\r\n"


@given(body=BODY, chunked=st.booleans(), step=st.integers(1, 30), rest=st.binary(max_size=10))
def test_the_parser_and_the_framing_agree_on_where_a_request_ends(
    body: list[bytes], step: int, rest: bytes, *, chunked: bool
) -> None:
    sent = framed(body, chunked=chunked)
    conn = connection(Plug())
    for at in range(0, len(sent), step):
        is_last = at + step >= len(sent)
        stage = conn.add(sent[at : at + step] + (rest if is_last else b""))
        assert stage is (Stage.WHOLE if is_last else Stage.MORE)
    conn.hand_over()
    request = next(conn.parser)
    assert request.body.read() == b"".join(body)
    assert conn.parser.finish_body()
    assert conn.renew() == rest


@given(
    st.lists(st.sampled_from([b"3", b"0", b"abc", b";a=b", b";", b"\r\n", b"\n", b" ", b"g", b":"]))
)
def test_what_is_taken_for_whole_the_parser_reads_without_an_error(parts: list[bytes]) -> None:
    sent = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + b"".join(parts)
    conn = connection(Plug())
    if conn.add(sent) is not Stage.WHOLE:
        return
    conn.hand_over()
    next(conn.parser).body.read()  # an error here would be a 500


def test_tls_is_begun_without_waiting_for_the_client() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)

    def ssl_context(_config: object, _default: object) -> ssl.SSLContext:
        return context

    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(0)
        conn = connection(Plug())
        conn.sock = ours
        conn.cfg.set("ssl_context", ssl_context)
        plain = conn.out
        conn.wrap()
        with conn.sock:
            assert conn.out is not plain
            assert conn.receive() is None
            assert not conn.shaken


def test_each_answer_begins_anew() -> None:
    conn = connection(Plug())
    conn.out.sendall(b"first")
    before = conn.out
    conn.renew()
    assert conn.out is not before
    assert (before.given, conn.out.given) == (5, 0)


def test_a_request_is_in_time_from_its_first_byte() -> None:
    conn = connection(Plug())
    assert conn.patience.since == 0.0
    conn.add(b"G")
    began = conn.patience.since
    conn.add(b"E")
    assert began == conn.patience.since > 0
    assert conn.timeout == conn.patience.end
    conn.renew()
    assert (conn.patience.since, conn.arrival.size) == (0.0, 0)
