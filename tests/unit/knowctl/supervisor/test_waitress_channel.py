"""A connection of waitress's."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.task import ErrorTask

from knowalledge_api.arrivals import HEAD_SECONDS, LARGEST_HEAD
from knowalledge_api.routes.early import Early
from knowalledge_api.routes.edge import PRIVATE
from knowctl.supervisor.waitress_channel import Channel, Refusal
from knowctl.supervisor.waitress_server import WaitressServer

SECONDS = 20.0
CLOSE = b"Host: x\r\nConnection: close\r\n"


@contextmanager
def served(**options: Any) -> Iterator[tuple[WaitressServer, Callable[[bytes], bytes]]]:
    """A server in a thread, and what it answers to some bytes."""

    def application(environ: dict[str, Any], start: Callable[..., object]) -> list[bytes]:
        if environ["PATH_INFO"] == "/broken":
            raise KeyError("canary")
        start("200 OK", [("Content-Length", "2")])
        return [b"ok"]

    with socket.create_server(("127.0.0.1", 0)) as listener:
        place = listener.getsockname()

        def ask(sent: bytes) -> bytes:
            answer = b""
            with socket.create_connection(place, timeout=SECONDS) as client:
                client.sendall(sent)
                while chunk := client.recv(65536):
                    answer += chunk
            return answer

        server = WaitressServer(application, listener, threads=1, keepalive=SECONDS, **options)
        thread = threading.Thread(target=server.run, args=[0.1])
        thread.start()
        try:
            yield server, ask
        finally:
            server.end()
            thread.join()


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"NONSENSE\r\n\r\n", 400),
        (b"GET /\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\ncanary\r\n\r\n", 400),
        (b"GET / HTTP/9.9\r\n" + CLOSE + b"\r\n", 505),
        (b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\n" + CLOSE + b"\r\n", 414),
        (b"GET / HTTP/1.1\r\nX: ".ljust(LARGEST_HEAD, b"a"), 431),
        (b"POST / HTTP/1.1\r\n" + CLOSE + b"Transfer-Encoding: gzip\r\n\r\n", 501),
        (b"POST / HTTP/1.1\r\n" + CLOSE + b"Content-Length: 1000\r\n\r\n", 413),
        (b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 1000\r\n\r\n", 413),
        (b"GET /broken HTTP/1.1\r\n" + CLOSE + b"\r\n", 500),
    ],
)
def test_what_it_answers_by_itself_has_the_one_shape(sent: bytes, status: int) -> None:
    with served(max_request_body_size=1000) as (_, ask):
        head, _, body = ask(sent).partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    problem = json.loads(body)
    assert int(first.split()[1]) == problem["status"] == status
    assert headers["content-type"] == "application/problem+json"
    assert headers["x-request-id"] == problem["request_id"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["connection"] == "close"
    assert b"canary" not in body


def test_whom_to_believe_is_left_to_the_application() -> None:
    seen: list[object] = []

    def application(environ: dict[str, Any], start: Callable[..., object]) -> list[bytes]:
        seen.append(environ.get("HTTP_X_FORWARDED_FOR"))
        start("200 OK", [("Content-Length", "0")])
        return []

    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = WaitressServer(application, listener, threads=1, keepalive=1)
        server.public.application({"HTTP_X_FORWARDED_FOR": "192.0.2.1"}, lambda *_: None)
        server.end()
        server.run(0)
    assert seen == ["192.0.2.1"]


class Server:
    """A server that takes tasks and does none."""

    def __init__(self) -> None:
        self.tasks: list[Channel] = []
        self.early = Early()
        self.active_channels: dict[int, Channel] = {}
        self.accepting = True
        self.is_private = False
        self.adj = SimpleNamespace(ident=None)

    def add_task(self, channel: Channel) -> None:
        self.tasks.append(channel)


@pytest.fixture
def channel() -> Iterator[Any]:
    from waitress.adjustments import Adjustments  # noqa: PLC0415 -- a fixture of its own

    ours, theirs = socket.socketpair()
    with ours, theirs:
        made: Any = Channel(Server(), ours, ("192.0.2.1", 5), Adjustments(), map={})
        yield made
        made.close()


def test_a_request_that_comes_too_slowly_is_408(channel: Any) -> None:
    channel.received(b"GET / HTTP/1.1\r\n")
    channel.end_if_late(time.monotonic())
    assert channel.server.tasks == []
    channel.end_if_late(time.monotonic() + HEAD_SECONDS + 1)
    assert channel.server.tasks == [channel]
    ((request),) = channel.requests
    assert request.error.code == 408
    channel.end_if_late(time.monotonic() + HEAD_SECONDS + 1)
    assert channel.server.tasks == [channel]


def test_a_client_that_waits_to_be_told_is_told_to_go_on(channel: Any) -> None:
    channel.received(b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
    assert channel.sent_continue
    channel.received(b"ab")
    assert len(channel.server.tasks) == 1


def test_one_that_is_whole_is_never_late(channel: Any) -> None:
    channel.received(b"GET / HTTP/1.1\r\n")
    channel.received(b"Host: x\r\n\r\n")
    assert channel.patience.since == 0.0
    channel.end_if_late(time.monotonic() + HEAD_SECONDS + 1)
    assert [request.error for request in channel.requests] == [None]


def test_a_body_has_time_by_how_much_of_it_comes(channel: Any) -> None:
    channel.received(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999\r\n\r\n")
    before = channel.patience.end
    channel.received(b"a" * 8192)
    assert channel.patience.end == pytest.approx(before + 2)


@pytest.mark.parametrize("private", [False, True])
def test_the_application_learns_what_came_in_private(channel: Any, *, private: bool) -> None:
    channel.server.is_private = private
    channel.server.adj.url_prefix = ""
    channel.server.effective_port, channel.server.server_name = 80, "x"
    channel.received(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    task = Channel.task_class(channel, channel.requests[0])
    assert (PRIVATE in task.get_environment()) is private


def test_what_it_uses_of_waitress_is_still_there(channel: Any) -> None:
    assert {"requests", "requests_lock", "request", "addr", "server"} <= set(dir(channel))
    assert issubclass(Channel, HTTPChannel)
    assert Channel.error_task_class is Refusal
    assert issubclass(Refusal, ErrorTask)
    assert {"completed", "error", "headers_finished", "version"} <= set(dir(HTTPRequestParser))
