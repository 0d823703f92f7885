"""What gunicorn's threads worker does for its clients."""

from __future__ import annotations

import errno
import selectors
import sys
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

if sys.platform == "win32":
    pytest.skip("gunicorn needs POSIX", allow_module_level=True)

from gunicorn.http.wsgi import Response

from knowalledge_api.arrivals import BODY_SECONDS, HEAD_SECONDS, Bounds
from knowalledge_api.gunicorn_clients import (
    FIRST_BYTE,
    LARGEST_REST,
    LINGER,
    REST,
    SMALL,
    PatientWorker,
    Remembered,
)
from knowalledge_api.gunicorn_connection import CONTINUE
from knowalledge_api.gunicorn_outgoing import Outgoing
from knowalledge_api.gunicorn_threads import Served
from knowalledge_api.routes.edge import PLAIN_HEADERS
from tests.support.workers import Plug, conn_of, pool, worker_of

WHOLE = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture
def worker() -> Iterator[PatientWorker]:
    with worker_of(PatientWorker) as made:
        yield made


@pytest.fixture
def submitted(worker: PatientWorker) -> list[Any]:
    """The connections that got a thread, which never comes to them."""
    given: list[Any] = []
    worker.tpool = pool(given)
    return given


def later(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    moment = time.monotonic() + seconds
    monkeypatch.setattr(time, "monotonic", lambda: moment)


def listener_of(*plugs: Plug) -> Any:
    waiting = list(plugs)
    return SimpleNamespace(
        accept=lambda: (waiting.pop(0), ("::1", 1)), getsockname=lambda: ("::1", 2)
    )


def contexts(wrap: Callable[..., object]) -> Callable[[object, object], Any]:
    """gunicorn's hook for a TLS context, of one that wraps sockets so."""

    def ssl_context(_config: object, _default: object) -> Any:
        return SimpleNamespace(wrap_socket=wrap)

    return ssl_context


def said(worker: PatientWorker, plug: Plug, *pieces: bytes | OSError) -> None:
    """The client sends these, one after the other."""
    for piece in pieces:
        plug.reads.append(piece)
        worker.poller.waiting[plug](plug)


def test_a_whole_request_gets_a_thread_and_a_silent_client_waits(
    worker: PatientWorker, submitted: list[Any]
) -> None:
    plugs = [Plug(WHOLE), Plug(), Plug(ConnectionResetError()), Plug(b"")]
    listener = listener_of(*plugs)
    before = time.monotonic()
    for _ in plugs:
        worker.accept(listener)
    assert [conn.sock for conn in submitted] == [plugs[0]]
    assert (worker.running, worker.nr_conns) == (2, 3)
    assert [plug.closed for plug in plugs] == [False, False, True, True]
    (silent,) = worker.pending_conns
    assert silent.sock is plugs[1]
    assert list(worker.poller.waiting) == [plugs[1]]
    assert silent.timeout >= before + FIRST_BYTE + 3


def test_a_request_in_pieces_gets_a_thread_with_its_last_byte(
    worker: PatientWorker, submitted: list[Any]
) -> None:
    plug = Plug()
    worker.accept(listener_of(plug))
    body = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nab"
    for at in range(len(body)):
        said(worker, plug, body[at : at + 1])
        assert list(worker.arriving) == [conn for conn in worker.arriving if conn.sock is plug]
        assert (submitted, worker.room.held) == ([], at + 1)
    said(worker, plug, b"c")
    (conn,) = submitted
    assert b"".join(conn.parser.unreader.pieces) == body + b"c"
    assert (worker.poller.waiting, len(worker.arriving)) == ({}, 0)
    assert worker.room.held == len(body + b"c"), "until it has its answer"
    worker.finish_request(conn, Served(kept=False, error=None))
    assert worker.room.held == 0


def test_the_next_request_of_a_kept_connection_is_waited_for_without_a_thread_too(
    worker: PatientWorker, submitted: list[Any]
) -> None:
    plug = Plug()
    conn = conn_of(worker, plug)
    worker.finish_request(conn, Served(kept=True))
    said(worker, plug, WHOLE[:5])
    assert (len(worker.keepalived_conns), list(worker.arriving)) == (0, [conn])
    said(worker, plug, WHOLE[5:])
    assert submitted == [conn]


def test_what_has_been_received_of_the_next_request_is_not_lost(
    worker: PatientWorker, submitted: list[Any]
) -> None:
    plug = Plug(WHOLE + WHOLE + WHOLE[:7])
    worker.accept(listener_of(plug))
    (conn,) = submitted
    for number in (1, 2):
        next(conn.parser)  # as a thread does
        worker.finish_request(conn, Served(kept=True))
        assert len(submitted) == min(2, number + 1)
    assert list(worker.arriving) == [conn]
    said(worker, plug, WHOLE[7:])
    assert submitted == [conn] * 3


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET / HTTP/1.1\nHost: x\n", 400),
        (b"GET /" + b"a" * 9000, 414),
        (b"GET / HTTP/1.1\r\n" + b"X: " + b"a" * 40000, 431),
        (b"POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", 413),
    ],
)
def test_a_request_without_an_end_in_sight_is_refused_without_a_thread(
    worker: PatientWorker, submitted: list[Any], sent: bytes, status: int
) -> None:
    plug = Plug(sent)
    worker.accept(listener_of(plug))
    assert plug.sent.startswith(f"HTTP/1.1 {status} ".encode())
    assert b"application/problem+json" in plug.sent
    assert (plug.shut, len(worker.lingering), submitted) == (True, 1, [])


def test_headers_that_do_not_come_to_an_end_are_408(
    worker: PatientWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    plug = Plug(WHOLE[:9])
    worker.accept(listener_of(plug))
    later(monkeypatch, HEAD_SECONDS - 1)
    said(worker, plug, WHOLE[9:12])  # what trickles in does not give it more time
    worker.end_overdue()
    assert plug.sent == b""
    later(monkeypatch, 1.1)
    worker.end_overdue()
    assert plug.sent.startswith(b"HTTP/1.1 408 ")
    assert (len(worker.arriving), len(worker.lingering)) == (0, 1)


def test_a_body_has_time_by_how_much_of_it_comes(
    worker: PatientWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    plug = Plug(b"POST / HTTP/1.1\r\nContent-Length: 100000\r\n\r\n")
    worker.accept(listener_of(plug))
    said(worker, plug, b"a" * 40960)  # ten seconds of the least rate
    later(monkeypatch, BODY_SECONDS + 9)
    worker.end_overdue()
    assert plug.sent == b""
    later(monkeypatch, 2)
    worker.end_overdue()
    assert plug.sent.startswith(b"HTTP/1.1 408 ")


def test_a_client_that_waits_to_be_told_is_told_to_go_on(
    worker: PatientWorker, submitted: list[Any]
) -> None:
    head = b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    plug = Plug(head)
    worker.accept(listener_of(plug))
    assert plug.sent == CONTINUE
    said(worker, plug, b"ab")
    assert len(submitted) == 1


def test_plain_headers_are_sent_and_not_judged(worker: PatientWorker) -> None:
    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Length", "0")])
        environ[PLAIN_HEADERS]([("X-Plain", "1")])
        return []

    worker.app = SimpleNamespace(wsgi=lambda: application)
    worker.load_wsgi()
    request: Any = SimpleNamespace(
        method="GET", version=(1, 1), should_close=lambda: False, out=Outgoing(plug := Plug())
    )
    response = Response(request, plug, worker.cfg)
    worker.wsgi({}, response.start_response)
    response.close()
    assert b"\r\nX-Plain: 1\r\n" in plug.sent


def test_what_comes_in_is_bounded_and_those_that_hold_most_give_way(
    worker: PatientWorker, submitted: list[Any]
) -> None:
    assert worker.room.most > worker.bounds.body
    worker.room.most = 2 * SMALL
    head = b"POST / HTTP/1.1\r\nContent-Length: 999999\r\n\r\n"
    plugs = [Plug(head + b"x" * size) for size in (SMALL, SMALL + 1, 9)]
    listener = listener_of(*plugs, whole := Plug(WHOLE))
    for _ in (*plugs, whole):
        worker.accept(listener)
    assert [plug.sent[:12] for plug in plugs] == [b"", b"HTTP/1.1 503", b""]
    assert b"Retry-After: 1\r\n" in plugs[1].sent
    assert [conn.sock for conn in submitted] == [whole]
    assert worker.room.held == 2 * len(head) + SMALL + 9 + len(WHOLE)


def test_a_small_request_always_has_room(worker: PatientWorker, submitted: list[Any]) -> None:
    worker.room.most = 0
    plugs = [Plug(WHOLE), Plug(WHOLE[:9])]
    listener = listener_of(*plugs)
    for _ in plugs:
        worker.accept(listener)
    assert [plug.sent for plug in plugs] == [b"", b""]
    assert (len(submitted), len(worker.arriving)) == (1, 1)


def test_a_whole_body_for_which_there_is_no_room_gets_no_thread(
    worker: PatientWorker, submitted: list[Any]
) -> None:
    worker.room.most = 2 * SMALL
    whole = b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (2 * SMALL) + b"x" * 2 * SMALL
    plugs = [Plug(WHOLE), Plug(whole)]
    listener = listener_of(*plugs)
    for _ in plugs:
        worker.accept(listener)
    assert [conn.sock for conn in submitted] == plugs[:1]
    assert plugs[1].sent.startswith(b"HTTP/1.1 503 ")
    assert worker.room.held == len(WHOLE)


def test_the_largest_body_is_the_settings_to_say(worker: PatientWorker) -> None:
    worker.bounds = Bounds(body=5)
    plug = Plug(b"POST / HTTP/1.1\r\nContent-Length: 6\r\n\r\n")
    worker.accept(listener_of(plug))
    assert plug.sent.startswith(b"HTTP/1.1 413 ")


def test_an_answer_that_can_not_be_sent_ends_the_connection(worker: PatientWorker) -> None:
    plug = Plug()
    worker.accept(listener_of(plug))
    plug.closed = True
    said(worker, plug, b"\n\n")
    assert (worker.nr_conns, len(worker.lingering)) == (1, 0)


def test_a_client_that_hangs_up_in_the_midst_is_forgotten(worker: PatientWorker) -> None:
    plug = Plug(WHOLE[:9])
    worker.accept(listener_of(plug))
    said(worker, plug, b"")
    assert (plug.closed, worker.nr_conns, worker.room.held) == (True, 1, 0)
    assert (len(worker.arriving), worker.poller.waiting) == (0, {})


def test_a_handshake_that_does_not_come_to_an_end_holds_no_thread(
    worker: PatientWorker, submitted: list[Any]
) -> None:
    class Shaking(Plug):
        def do_handshake(self) -> None:
            self.recv(1)

    wrapped = Shaking()
    worker.tls = True
    worker.cfg.set("ssl_context", contexts(lambda *_, **__: wrapped))
    worker.accept(listener_of(Plug()))
    said(worker, wrapped, BlockingIOError())
    assert len(worker.pending_conns) == 1
    said(worker, wrapped, b"hello")
    assert (len(worker.pending_conns), submitted) == (1, [])
    said(worker, wrapped, WHOLE)
    assert len(submitted) == 1


def test_a_client_that_is_gone_before_its_handshake_is_forgotten(worker: PatientWorker) -> None:
    def wrap(*_: object, **__: object) -> None:
        raise OSError(107, "not connected")

    worker.tls = True
    worker.cfg.set("ssl_context", contexts(wrap))
    plug = Plug()
    worker.accept(listener_of(plug))
    assert (plug.closed, worker.nr_conns) == (True, 1)


def test_an_idle_connection_whose_time_is_over_is_closed_unless_it_has_spoken(
    worker: PatientWorker, submitted: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    silent, speaks = Plug(), Plug(WHOLE)
    for plug in (silent, speaks):
        worker.finish_request(conn_of(worker, plug), Served(kept=True))
    worker.end_overdue()
    assert not silent.closed
    later(monkeypatch, 3.1)
    worker.end_overdue()
    assert (silent.closed, speaks.closed) == (True, False)
    assert [conn.sock for conn in submitted] == [speaks]
    assert worker.poller.waiting == {}


def test_a_connection_that_another_worker_took_is_no_error(worker: PatientWorker) -> None:
    def accept() -> None:
        raise BlockingIOError(11, "taken")

    worker.accept(SimpleNamespace(accept=accept))
    assert worker.nr_conns == 1


def test_a_listener_that_is_broken_is_an_error(worker: PatientWorker) -> None:
    def accept() -> None:
        raise OSError(22, "shut down")

    with pytest.raises(OSError, match="shut down"):
        worker.accept(SimpleNamespace(accept=accept))


def test_where_there_is_no_room_for_a_connection_the_worker_rests_and_says_so_once(
    worker: PatientWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def accept() -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    for _ in range(3):
        worker.accept(SimpleNamespace(accept=accept))
    assert worker.log.errors == ["No connection is accepted for %g s: %s"]
    assert worker.rests_until > time.monotonic()
    assert worker.nr_conns == 1
    later(monkeypatch, REST)
    worker.accept(SimpleNamespace(accept=accept))
    assert len(worker.log.errors) == 2


def test_a_kept_connection_waits_for_its_next_request(worker: PatientWorker) -> None:
    conn = conn_of(worker, Plug())
    worker.alive = False  # retiring it lingers as long as it was promised
    before = time.monotonic()
    worker.finish_request(conn, Served(kept=True))
    assert list(worker.keepalived_conns) == [conn]
    assert conn.timeout >= before + 3
    assert (worker.running, worker.nr_conns) == (0, 1)


def test_an_ended_connection_is_read_until_its_client_closes(worker: PatientWorker) -> None:
    plug = Plug(BlockingIOError(), b"rest", b"")
    conn = conn_of(worker, plug)
    worker.alive = False
    worker.finish_request(conn, Served(kept=False))
    assert plug.shut
    for _ in plug.reads[:]:
        assert (worker.nr_conns, plug.closed) == (1, False)
        worker.poller.waiting[plug](plug)
    assert plug.closed
    assert (worker.nr_conns, len(worker.lingering), worker.poller.waiting) == (0, 0, {})


@pytest.mark.parametrize("read", [b"x" * (LARGEST_REST + 1), ConnectionResetError()])
def test_a_client_that_floods_or_breaks_is_let_go(
    worker: PatientWorker, read: bytes | OSError
) -> None:
    plug = Plug(read)
    worker.finish_request(conn_of(worker, plug), Served(kept=False))
    worker.poller.waiting[plug](plug)
    assert plug.closed
    assert worker.nr_conns == 0


def test_a_client_that_never_closes_is_let_go_in_time(
    worker: PatientWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    plug = Plug()
    worker.finish_request(conn_of(worker, plug), Served(kept=False))
    worker.end_overdue()
    assert worker.nr_conns == 1
    later = time.monotonic() + LINGER
    monkeypatch.setattr(time, "monotonic", lambda: later)
    worker.end_overdue()
    assert plug.closed
    assert (worker.nr_conns, worker.poller.waiting) == (0, {})


def test_a_connection_that_is_closed_already_is_forgotten(worker: PatientWorker) -> None:
    plug = Plug()
    plug.close()
    worker.finish_request(conn_of(worker, plug), Served(kept=False))
    assert (worker.nr_conns, len(worker.lingering)) == (0, 0)


def test_an_application_that_leaves_ends_its_request_and_not_the_worker(
    worker: PatientWorker,
) -> None:
    worker.finish_request(conn_of(worker, Plug()), Served(kept=False, error=SystemExit(1)))
    assert worker.log.errors == ["A request ended its thread"]
    assert len(worker.lingering) == 1


def test_a_value_of_the_configuration_is_looked_up_once() -> None:
    asked: list[str] = []

    class Config:
        def __getattr__(self, name: str) -> int:
            asked.append(name)
            return len(asked)

    config = Remembered(Config())
    assert (config.threads, config.threads, config.keepalive) == (1, 1, 2)
    assert asked == ["threads", "keepalive"]


def test_a_connection_whose_answer_still_goes_out_is_not_read_until_it_is_out(
    worker: PatientWorker, submitted: list[Any]
) -> None:
    plug = Plug(WHOLE + WHOLE)
    worker.accept(listener_of(plug))
    (conn,) = submitted
    next(conn.parser)  # as a thread does
    plug.room = 3
    conn.out.sendall(b"answer")
    worker.finish_request(conn, Served(kept=True))
    assert (len(submitted), worker.running, len(worker.leaving)) == (1, 1, 1)
    assert worker.poller.events[plug] == selectors.EVENT_WRITE
    plug.room = 9
    worker.poller.waiting[plug](plug)
    assert plug.sent == b"answer"
    assert (submitted, len(worker.leaving), worker.poller.waiting) == ([conn, conn], 0, {})


def test_a_refusal_that_is_not_taken_at_once_goes_out_before_its_connection_ends(
    worker: PatientWorker,
) -> None:
    plug = Plug(b"\n\n")
    plug.room = 10
    worker.accept(listener_of(plug))
    assert (plug.sent, plug.shut, len(worker.lingering)) == (b"HTTP/1.1 4", False, 0)
    plug.room = 10_000
    worker.poller.waiting[plug](plug)
    assert plug.sent.startswith(b"HTTP/1.1 400 ")
    assert (plug.shut, len(worker.lingering)) == (True, 1)


def test_who_takes_nothing_of_an_answer_is_let_go_in_time(
    worker: PatientWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    plug = Plug()
    plug.room = 3
    conn = conn_of(worker, plug)
    conn.out.sendall(b"answer")
    worker.finish_request(conn, Served(kept=True))
    later(monkeypatch, BODY_SECONDS - 1)
    worker.end_overdue()
    assert (worker.nr_conns, len(worker.leaving)) == (1, 1)
    later(monkeypatch, 1.1)
    worker.end_overdue()
    assert plug.closed
    assert (worker.nr_conns, len(worker.leaving), worker.poller.waiting) == (0, 0, {})
