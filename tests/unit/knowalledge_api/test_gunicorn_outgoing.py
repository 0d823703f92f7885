"""An answer that goes out as its client takes it."""

from __future__ import annotations

import socket
import ssl
import sys
import threading
import time
from collections.abc import Iterator

import pytest

if sys.platform == "win32":
    pytest.skip("gunicorn needs POSIX", allow_module_level=True)

from knowalledge_api.arrivals import BODY_SECONDS, LEAST_RATE
from knowalledge_api.gunicorn_outgoing import (
    LARGEST_KEPT,
    LARGEST_UNSENT,
    THREAD_RATE,
    GoneError,
    Outgoing,
    bind_system,
    queued,
    rest_of,
)
from tests.support.workers import Plug

MUCH = bytes(range(256)) * (1 << 14)


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """A server's socket that never waits, and its client's."""
    ours, theirs = socket.socketpair()
    ours.settimeout(0)
    theirs.settimeout(30)
    with ours, theirs:
        yield ours, theirs


def later(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    moment = time.monotonic() + seconds
    monkeypatch.setattr(time, "monotonic", lambda: moment)


def test_what_is_taken_at_once_is_not_kept() -> None:
    out = Outgoing(plug := Plug())
    out.sendall(b"answer")
    out.sendall(b"")
    assert (plug.sent, out.given, out.kept) == (b"answer", 6, 0)
    assert out.go_on() == 0


def test_what_is_not_taken_goes_out_later_and_in_order() -> None:
    out = Outgoing(plug := Plug())
    plug.room = 4
    out.sendall(b"answer")
    out.sendall(b" that ")
    out.sendall(b"waits")
    assert (plug.sent, out.kept) == (b"answ", 13)
    plug.room = 5
    assert out.go_on() == 5
    plug.room = 100
    assert out.go_on() == 8
    assert (plug.sent, out.given, out.kept) == (b"answer that waits", 17, 0)


def test_a_piece_takes_what_was_kept_before_it_along() -> None:
    out = Outgoing(plug := Plug())
    plug.room = 0
    out.sendall(b"first")
    plug.room = 100
    out.sendall(b"second")
    assert (plug.sent, out.kept) == (b"firstsecond", 0)


def test_what_is_kept_holds_no_more_than_twice_its_size() -> None:
    piece = memoryview(bytes(range(100)))
    for sent in range(100):
        rest = rest_of(piece, sent)
        assert rest == piece[sent:]
        assert memoryview(rest.obj).nbytes <= 2 * len(rest)


def test_one_client_does_not_take_everybody_s_turn() -> None:
    out = Outgoing(plug := Plug())
    plug.room = 0
    for _ in range(4):
        out.sendall(b"piece")
    plug.room = 100
    assert out.go_on(6) == 10
    assert out.kept == 10


@pytest.mark.parametrize(
    "error",
    [BrokenPipeError(32, "x"), ConnectionResetError(104, "x"), ssl.SSLEOFError(8, "x")],
)
def test_of_an_answer_for_nobody_nothing_is_kept(error: OSError) -> None:
    out = Outgoing(plug := Plug())
    plug.room = 2
    out.sendall(b"answer")
    plug.fails = [error]
    with pytest.raises(GoneError):
        out.sendall(b"more")
    assert out.kept == 0


def test_tls_may_have_to_read_before_it_can_send() -> None:
    out = Outgoing(plug := Plug())
    plug.fails = [ssl.SSLWantReadError(2, "x")] * 2
    out.sendall(b"answer")
    assert (out.wants_read, out.kept) == (True, 6)
    plug.fails = [ssl.SSLWantWriteError(3, "x")]
    out.go_on()
    assert (out.wants_read, out.kept) == (False, 6)
    out.go_on()
    assert plug.sent == b"answer"


def test_an_answer_has_time_by_how_much_of_it_is_taken() -> None:
    out = Outgoing(plug := Plug())
    plug.room = 0
    before = time.monotonic()
    out.sendall(bytes(10 * LEAST_RATE))
    end = out.until()
    assert before + BODY_SECONDS <= end <= time.monotonic() + BODY_SECONDS
    plug.room = 2 * LEAST_RATE
    out.go_on()
    assert out.until() == pytest.approx(end + 2)


@pytest.mark.skipif(sys.platform != "linux", reason="others do not tell what a client has taken")
def test_what_only_the_system_has_taken_gives_no_time(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = pair
    ours.send(bytes(50_000))  # an answer before, which nobody has read either
    out = Outgoing(ours)
    before = time.monotonic()
    out.sendall(MUCH)
    assert out.given - out.kept > LEAST_RATE
    assert queued(ours) > 50_000
    end = out.until()
    assert end <= time.monotonic() + BODY_SECONDS
    assert end >= before + BODY_SECONDS
    taken = 0
    while taken < 50_000 + 2 * LEAST_RATE:
        taken += len(theirs.recv(LEAST_RATE))
    assert out.until() > end + 1


def test_where_nobody_tells_what_a_client_has_taken_what_the_system_took_counts() -> None:
    assert queued(Plug()) == 0


def test_a_thread_waits_where_it_goes_on_writing_more_than_is_kept(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = pair
    out = Outgoing(ours)
    pieces = 4 * LARGEST_KEPT // len(MUCH)
    received = bytearray()

    def read() -> None:
        while len(received) < pieces * len(MUCH):
            received.extend(theirs.recv(1 << 20))

    client = threading.Thread(target=read, daemon=True)
    largest = 0
    for number in range(pieces):
        if number == 2:
            client.start()
        out.sendall(MUCH)
        largest = max(largest, out.kept)
    while out.kept:
        out.go_on()
    client.join(30)
    assert received == MUCH * pieces
    assert largest <= LARGEST_KEPT + len(MUCH)


def test_a_thread_does_not_wait_for_long(
    pair: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = Outgoing(pair[0])
    out.sendall(bytes(LARGEST_KEPT + (1 << 22)))
    later(monkeypatch, BODY_SECONDS + LARGEST_KEPT / THREAD_RATE)
    with pytest.raises(GoneError, match="too large"):
        out.sendall(b"more")
    assert out.kept == 0


@pytest.mark.skipif(sys.platform != "linux", reason="others take what they take")
def test_the_system_takes_no_more_than_it_is_allowed_for_who_reads_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as theirs:
        bind_system(listener)
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        theirs.connect(listener.getsockname())
        ours, _ = listener.accept()
        with ours:
            ours.settimeout(0)
            out = Outgoing(ours)
            out.sendall(MUCH)
            assert LARGEST_UNSENT <= out.given - out.kept < 2 * LARGEST_UNSENT


def test_a_listener_that_knows_no_such_bound_stays_as_it_is() -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        bind_system(listener)
