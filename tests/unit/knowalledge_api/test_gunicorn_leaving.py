"""The connections whose answers still go out."""

from __future__ import annotations

import selectors
import ssl
import sys
import time
from types import SimpleNamespace
from typing import Any

import pytest

if sys.platform == "win32":
    pytest.skip("gunicorn needs POSIX", allow_module_level=True)

from knowalledge_api.arrivals import BODY_SECONDS
from knowalledge_api.gunicorn_leaving import TURN, Leaving
from knowalledge_api.gunicorn_outgoing import Outgoing
from tests.support.workers import Plug, Poller


class Worker:
    """What becomes of connections: those that departed, and those that were dropped."""

    def __init__(self) -> None:
        self.poller = Poller()
        self.departed: list[tuple[Any, bool]] = []
        self.dropped: list[Any] = []
        self.said: list[str] = []
        self.log = SimpleNamespace(debug=lambda text, *given: self.said.append(text % given))

    def depart(self, conn: Any, *, kept: bool) -> None:
        self.departed.append((conn, kept))

    def drop(self, conn: Any) -> None:
        self.dropped.append(conn)


class Answering:
    """A connection whose client has taken so many bytes."""

    def __init__(self, room: int = 0, answer: bytes = b"answer") -> None:
        self.sock = Plug()
        self.sock.room = room
        self.out = Outgoing(self.sock)
        self.out.sendall(answer)


def take(worker: Worker, conn: Answering, room: int) -> None:
    """The client takes so many bytes more."""
    conn.sock.room = room
    worker.poller.waiting[conn.sock](conn.sock)


@pytest.mark.parametrize("kept", [True, False])
def test_a_connection_departs_when_its_answer_is_out(*, kept: bool) -> None:
    leaving = Leaving(worker := Worker())
    leaving.add(conn := Answering(2), kept=kept)
    assert worker.poller.events == {conn.sock: selectors.EVENT_WRITE}
    take(worker, conn, 3)
    assert (len(leaving), leaving.held, worker.departed) == (1, 1, [])
    take(worker, conn, 3)
    assert (len(leaving), leaving.held, worker.departed) == (0, 0, [(conn, kept)])
    assert worker.poller.waiting == {}
    assert conn.sock.sent == b"answer"


def test_who_breaks_off_is_dropped() -> None:
    leaving = Leaving(worker := Worker())
    leaving.add(conn := Answering(), kept=True)
    conn.sock.fails = [ConnectionResetError(104, "reset")]
    take(worker, conn, 9)
    assert (len(leaving), leaving.held, worker.dropped) == (0, 0, [conn])
    assert worker.poller.waiting == {}


def test_a_connection_that_is_closed_is_none_that_waits() -> None:
    leaving = Leaving(worker := Worker())
    conn = Answering()
    conn.sock.close()
    with pytest.raises(ValueError, match="Invalid file"):
        leaving.add(conn, kept=False)
    assert (len(leaving), leaving.held, worker.poller.waiting) == (0, 0, {})


def test_tls_is_waited_for_as_it_wants() -> None:
    leaving = Leaving(worker := Worker())
    leaving.add(conn := Answering(), kept=True)
    conn.sock.fails = [ssl.SSLWantReadError(2, "x")]
    take(worker, conn, 2)
    assert worker.poller.events[conn.sock] == selectors.EVENT_READ
    take(worker, conn, 2)
    take(worker, conn, 0)
    assert worker.poller.events[conn.sock] == selectors.EVENT_WRITE
    take(worker, conn, 9)
    assert worker.departed == [(conn, True)]


def test_a_client_gets_its_turn_and_no_more() -> None:
    leaving = Leaving(worker := Worker())
    conn = Answering()
    for _ in range(3):
        conn.out.sendall(bytes(TURN))
    leaving.add(conn, kept=True)
    take(worker, conn, 10 * TURN)
    assert (len(leaving), worker.departed) == (1, [])
    assert conn.out.kept >= TURN


def test_beyond_what_is_held_together_the_idlest_is_let_go() -> None:
    leaving = Leaving(worker := Worker(), most=17)
    idle, takes, last = Answering(), Answering(), Answering()
    leaving.add(takes, kept=True)
    leaving.add(idle, kept=True)
    take(worker, takes, 1)
    assert leaving.held == 11
    leaving.add(last, kept=True)
    assert worker.dropped == []
    leaving.add(Answering(), kept=True)
    assert worker.dropped == [idle]
    assert leaving.held == 17
    assert worker.said == ["An answer was cut off: its client took 0 of 6 bytes"]


def test_a_single_answer_goes_out_however_large_it_is() -> None:
    leaving = Leaving(worker := Worker(), most=5)
    leaving.add(conn := Answering(), kept=True)
    take(worker, conn, 6)
    assert worker.departed == [(conn, True)]


def test_who_is_let_go_is_not_asked_again() -> None:
    leaving = Leaving(worker := Worker(), most=6)
    leaving.add(first := Answering(), kept=True)
    told = worker.poller.waiting[first.sock]
    leaving.add(Answering(), kept=True)
    told(first.sock)  # the poller had told of both at once
    assert (worker.dropped, worker.departed, leaving.held) == ([first], [], 6)


def test_who_takes_too_long_is_let_go_and_who_is_in_time_is_not() -> None:
    leaving = Leaving(worker := Worker())
    for room in (0, 4096 * 5):
        leaving.add(Answering(room, bytes(100_000)), kept=True)
    silent, slow = worker.poller.waiting
    now = time.monotonic()
    leaving.end_overdue(now + BODY_SECONDS - 1)
    assert worker.dropped == []
    leaving.end_overdue(now + BODY_SECONDS + 4)
    assert [conn.sock for conn in worker.dropped] == [silent]
    leaving.end_overdue(now + BODY_SECONDS + 6)
    assert [conn.sock for conn in worker.dropped] == [silent, slow]
    assert (len(leaving), leaving.held) == (0, 0)
