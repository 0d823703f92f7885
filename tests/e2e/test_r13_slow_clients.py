"""R13: who sends or reads slowly holds no thread, and /health answers within a second."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from http import HTTPStatus

import pytest

from knowalledge_api.arrivals import BODY_SECONDS, HEAD_SECONDS
from tests.support.pgbouncer import make_certificate
from tests.support.releases import Served, releases, served
from tests.support.waiting import SLOWEST, wait_for
from tests.support.wire import Answer, connected, exchanged, read, request

SERVERS = ("waitress",) if sys.platform == "win32" else ("gunicorn", "waitress")
WITH_TLS = [(each, False) for each in SERVERS] + [("gunicorn", True)] * (sys.platform != "win32")
THREADS = 4
SLOW = 5 * THREADS
PROMISED = 1.0
ASKED = 5
POST = b"POST /api/create_subtopics HTTP/1.1\r\nHost: 127.0.0.1\r\n"
JSON = b"Content-Type: application/json\r\n"
UNFINISHED = {
    "nothing": b"",
    "a byte": b"G",
    "headers": b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: ",
    "a small body": POST + JSON + b'Content-Length: 20\r\n\r\n{"topic"',
    "a large body": POST + b"Content-Length: 9000000\r\n\r\nabc",
    "a chunked body": POST + JSON + b"Transfer-Encoding: chunked\r\n\r\nff\r\nabc",
    "a body to be asked for": POST + b"Expect: 100-continue\r\nContent-Length: 9\r\n\r\n",
    "a second request": b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nGET /hea",
}

ASKS_MUCH = b"GET /api/openapi.json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 100
"""7 MB of answers: more than the systems at both ends take before anybody reads."""
LARGE = 6_400_000


@contextmanager
def small(server: str, **settings: str) -> Iterator[Served]:
    """A server of one worker with few threads."""
    size = ("--workers", "1", "--threads", str(THREADS)) if server == "gunicorn" else ()
    calm = {"WAITRESS_THREADS": str(THREADS), "RATE_LIMIT_ENABLED": "false"}
    with releases() as site:
        if settings.pop("tls", ""):
            certificate = make_certificate(site.root)
            key = certificate.with_name("key.pem")
            settings |= {"SSL_CERTFILE": str(certificate), "SSL_KEYFILE": str(key)}
        with served(site, {**calm, **settings}, server=server, size=size) as each:
            yield each


def health_takes(port: int, *, tls: bool = False) -> list[float]:
    """How long /health took, asked on a new connection each time, in seconds."""
    took = []
    for _ in range(ASKED):
        began = time.monotonic()
        assert exchanged(port, request("GET", "/health"), tls=tls).status == HTTPStatus.OK
        took.append(time.monotonic() - began)
    return took


def judge(what: str, took: Sequence[float]) -> None:
    print(f"/health beside {SLOW} with {what}: {max(took):.3f} s")  # noqa: T201 -- figures of the run
    assert max(took) < PROMISED * SLOWEST


@pytest.mark.parametrize("server", SERVERS)
def test_health_answers_beside_more_slow_clients_than_there_are_threads(server: str) -> None:
    with small(server) as each, ExitStack() as slow:
        port = each.running.port
        for what, sent in UNFINISHED.items():
            for _ in range(SLOW):
                slow.enter_context(connected(port)).sendall(sent)
            judge(what, health_takes(port))


@pytest.mark.skipif(sys.platform == "win32", reason="waitress speaks no TLS")
def test_half_sent_handshakes_hold_no_thread() -> None:
    with small("gunicorn", tls="yes") as each, ExitStack() as slow:
        port = each.running.port
        for _ in range(SLOW):
            slow.enter_context(connected(port)).sendall(b"\x16\x03\x01\x02\x00\x01")
        judge("half a handshake", health_takes(port, tls=True))
        for _ in range(SLOW):
            link = slow.enter_context(connected(port, tls=True))
            link.sendall(UNFINISHED["headers"])
        judge("a handshake and half the headers", health_takes(port, tls=True))


@pytest.mark.skipif(sys.platform == "win32", reason="waitress speaks no TLS")
def test_an_idle_client_with_tls_is_let_go_and_its_worker_stays() -> None:
    asks = b"GET /testing/version HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    with small("gunicorn", tls="yes", GUNICORN_KEEPALIVE="1") as each:
        port = each.running.port
        before = exchanged(port, request("GET", "/testing/version"), tls=True)
        with connected(port, tls=True) as idle:
            idle.sendall(asks)
            assert read(idle).status == HTTPStatus.OK  # read to the end, which the server makes
        after = exchanged(port, request("GET", "/testing/version"), tls=True)
        assert before.body == after.body


@pytest.mark.parametrize("server", SERVERS)
def test_who_takes_too_long_is_told_so_and_leaves_a_record(server: str) -> None:
    kinds = ("headers", "a small body", "a large body", "a chunked body")
    with small(server) as each, ExitStack() as slow:
        links = [slow.enter_context(connected(each.running.port)) for _ in kinds]
        began = time.monotonic()
        for link, kind in zip(links, kinds, strict=True):
            link.sendall(UNFINISHED[kind])
        answers = [read(link) for link in links]
        took = time.monotonic() - began
        print(f"408 after {took:.1f} s, promised {HEAD_SECONDS:g} s")  # noqa: T201 -- likewise
        assert [answer.status for answer in answers] == [408] * len(kinds)
        assert [answer.problem["title"] for answer in answers] == ["Request Timeout"] * len(kinds)
        assert took >= min(HEAD_SECONDS, BODY_SECONDS) - 1
        said = each.running.said()
        assert all(answer.headers["x-request-id"] in said for answer in answers)


@pytest.mark.parametrize("server", SERVERS)
def test_who_is_slow_but_in_time_is_served(server: str) -> None:
    body = b'{"topic": "patience"}'
    whole = request("POST", "/api/create_subtopics", "Content-Type: application/json", body=body)
    with small(server) as each, connected(each.running.port) as link:
        for at in range(0, len(whole), 16):
            link.sendall(whole[at : at + 16])
            time.sleep(0.05)
        answer: Answer = read(link)
        assert answer.status == HTTPStatus.OK
        assert b"patience" in answer.body


@pytest.mark.parametrize("server", SERVERS)
def test_clients_that_hang_up_in_the_midst_leave_nothing_behind(server: str) -> None:
    with small(server) as each:
        for sent in UNFINISHED.values():
            with contextlib.suppress(ConnectionError), connected(each.running.port) as link:
                link.sendall(sent)
        judge("an early end", health_takes(each.running.port))
        assert "Traceback" not in each.told()


@pytest.mark.parametrize(("server", "tls"), WITH_TLS)
def test_health_answers_beside_clients_that_read_no_answer(server: str, *, tls: bool) -> None:
    with small(server, tls="yes" * tls) as each, ExitStack() as slow:
        port = each.running.port
        for _ in range(SLOW):
            slow.enter_context(connected(port, tls=tls, takes=2048)).sendall(ASKS_MUCH)
        judge("answers that nobody reads", health_takes(port, tls=tls))
        assert "Traceback" not in each.told()


@pytest.mark.parametrize(("server", "tls"), WITH_TLS)
@pytest.mark.parametrize("pieces", [1, 50])
def test_a_large_answer_arrives_whole_however_slowly_it_is_read(
    server: str, pieces: int, *, tls: bool
) -> None:
    path = f"/testing/bytes/{pieces}/{LARGE // pieces}"
    with small(server, tls="yes" * tls) as each:
        port = each.running.port
        with connected(port, tls=tls, takes=65536) as link:
            link.sendall(request("GET", path))
            received = bytearray()
            while chunk := link.recv(65536):
                received += chunk
                time.sleep(0.01)
        assert received.count(bytes(range(256))) == LARGE // 256
        wait_for("its one record", lambda: each.running.said().count(f'"{path}"') == 1, 5)
