"""What a thread of gunicorn's worker does with a request."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

if sys.platform == "win32":
    pytest.skip("gunicorn needs POSIX", allow_module_level=True)

from gunicorn.http import errors
from gunicorn.workers.gthread import ThreadWorker

from knowalledge_api.arrivals import Stage
from knowalledge_api.gunicorn_clients import PatientWorker
from knowalledge_api.gunicorn_connection import Connection
from knowalledge_api.gunicorn_requests import status_of
from tests.support.workers import Plug, conn_of, worker_of

WHOLE = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture
def worker() -> Iterator[PatientWorker]:
    with worker_of(PatientWorker) as made:
        yield made


def arrived(worker: PatientWorker, plug: Plug, sent: bytes = WHOLE) -> Connection:
    """A connection whose request is there."""
    conn = conn_of(worker, plug)
    assert conn.add(sent) is Stage.WHOLE
    conn.hand_over()
    return conn


def serve(worker: PatientWorker, *pieces: bytes | BaseException) -> None:
    """Have the worker run an application that answers these."""

    def application(_environ: object, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [("Content-Length", "6")])
        for piece in pieces:
            if isinstance(piece, BaseException):
                raise piece
            yield piece

    worker.app = SimpleNamespace(wsgi=lambda: application)
    worker.load_wsgi()


@pytest.mark.parametrize("room", [sys.maxsize, 20])
def test_a_thread_answers_and_waits_for_no_client(worker: PatientWorker, room: int) -> None:
    serve(worker, b"ans", b"wer")
    plug = Plug()
    plug.room = room
    conn = arrived(worker, plug)
    assert worker.handle(conn) is True
    assert len(plug.sent) + conn.out.kept == conn.out.given
    plug.room = sys.maxsize
    conn.out.go_on()
    assert plug.sent.startswith(b"HTTP/1.1 200 OK\r\n")
    assert plug.sent.endswith(b"\r\n\r\nanswer")


def test_a_client_that_is_gone_is_nobody_s_error(worker: PatientWorker) -> None:
    serve(worker, b"ans", b"wer")
    plug = Plug()
    plug.fails = [TimeoutError(110, "timed out")]
    assert worker.handle(arrived(worker, plug)) is False
    assert worker.log.errors == []


def test_a_request_whose_end_the_parser_does_not_find_is_not_answered(
    worker: PatientWorker,
) -> None:
    conn = arrived(worker, plug := Plug())
    conn.parser.unreader.pieces.clear()
    assert worker.handle(conn) is False
    assert (plug.sent, worker.log.errors) == (b"", [])


def test_what_an_application_raises_before_its_answer_is_500(worker: PatientWorker) -> None:
    serve(worker, KeyError("canary"))
    conn = arrived(worker, plug := Plug())
    assert worker.handle(conn) is False
    assert plug.sent.startswith(b"HTTP/1.1 500 ")
    assert b"canary" not in plug.sent
    assert worker.log.errors == ["A request ended without an answer"]


def test_nothing_follows_on_an_answer_that_has_begun(worker: PatientWorker) -> None:
    serve(worker, b"ans", FileNotFoundError(2, "no such file"))
    conn = arrived(worker, plug := Plug())
    assert worker.handle(conn) is False
    assert plug.sent.endswith(b"\r\n\r\nans")
    assert worker.log.errors == ["A request ended without an answer"]


def test_the_application_s_side_does_not_tell_it_again(
    worker: PatientWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bool] = []

    def handle(_worker: object, req: Any, _conn: object) -> None:
        seen.append(req._expected_100_continue)

    monkeypatch.setattr(ThreadWorker, "handle_request", handle)
    worker.handle_request(SimpleNamespace(_expected_100_continue=True), conn_of(worker, Plug()))
    assert seen == [False]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.LimitRequestLine(9, 8), 414),
        (errors.LimitRequestHeaders("x"), 431),
        (errors.InvalidHTTPVersion((9, 9)), 505),
        (errors.UnsupportedTransferCoding("x"), 501),
        (errors.ExpectationFailed("x"), 417),
        (errors.InvalidRequestLine("canary"), 400),
        (errors.InvalidHeader("canary"), 400),
        (errors.InvalidResponseHeader("x"), 500),
        (errors.ConfigurationProblem("x"), 500),
        (KeyError("canary"), 500),
    ],
)
def test_what_can_not_be_read_is_answered_in_the_one_shape(
    worker: PatientWorker, error: Exception, status: int
) -> None:
    assert status_of(error) == status
    conn = conn_of(worker, plug := Plug())
    worker.answer_error(conn, error)
    assert plug.sent.startswith(f"HTTP/1.1 {status} ".encode())
    assert b"application/problem+json" in plug.sent
    assert b"canary" not in plug.sent
    assert worker.log.errors == (["A request ended without an answer"] if status == 500 else [])


def test_an_error_of_a_client_that_is_gone_is_nobody_s(worker: PatientWorker) -> None:
    plug = Plug()
    plug.closed = True
    worker.answer_error(conn_of(worker, plug), errors.InvalidRequestLine("x"))
    assert worker.log.errors == []


@pytest.mark.parametrize(("keepalive", "read"), [(True, True), (True, False), (False, True)])
def test_a_connection_is_kept_where_its_body_was_passed_over(
    worker: PatientWorker, *, keepalive: bool, read: bool
) -> None:
    conn = SimpleNamespace(parser=SimpleNamespace(finish_body=lambda: read))
    assert worker._keepalive_after(conn, keepalive) is (keepalive and read)
