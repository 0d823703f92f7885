"""gunicorn's worker with clients that take their answers slowly, or not at all."""

from __future__ import annotations

import signal
import socket
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from knowalledge_api.database.schema import migrate
from tests.support.configuration import sqlite_settings
from tests.support.processes import Running, free_port, serving
from tests.support.waiting import wait_for
from tests.support.wire import connected, exchanged, request

SECONDS = 10
"""What an answer may take beside its own time at the least rate."""
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="gunicorn needs POSIX")
COMMAND = (
    *(sys.executable, "-m", "gunicorn"),
    *("--config", "python:knowalledge_api.gunicorn_config", "server:application"),
)
PIECE = bytes(range(256)) * 4096
SERVER = """
from flask import Response
from knowalledge_api.auth.policy import enforce, public
from knowalledge_api.app import create_app

application = create_app()
PIECE = bytes(range(256)) * 4096

@application.get("/pieces/<int:number>")
@public("a test asks")
def pieces(number):
    return Response(PIECE for _ in range(number))

@application.get("/whole/<int:number>")
@public("a test asks")
def whole(number):
    return Response(PIECE * number)

enforce(application)
"""
KEPT = b"GET %b HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


@contextmanager
def server(cwd: Path) -> Iterator[Running]:
    """One worker of one thread."""
    (cwd / "server.py").write_text(SERVER)
    migrate(sqlite_settings(cwd))
    given = {"GUNICORN_WORKERS": "1", "GUNICORN_THREADS": "1", "PYTHONPATH": str(cwd)}
    with serving(COMMAND, cwd=cwd, port=free_port(), environ=given) as running:
        yield running


def take(link: socket.socket, size: int) -> bytes:
    """So many bytes, or fewer where the connection ends."""
    received = bytearray()
    while len(received) < size and (chunk := link.recv(min(65536, size - len(received)))):
        received += chunk
    return bytes(received)


def take_head(link: socket.socket) -> str:
    """A head, and nothing of what follows."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += take(link, 1)
    return head.decode()


def is_written(running: Running, path: str) -> bool:
    return f"path={path}" in running.said()


def test_the_requests_after_an_answer_that_waits_are_served_in_order(tmp_path: Path) -> None:
    asks = [b"/whole/5", b"/health", b"/whole/3"]
    with server(tmp_path) as running, connected(running.port, takes=4096) as link:
        link.sendall(b"".join(KEPT % path for path in asks))
        wait_for("the first is answered", lambda: is_written(running, "/whole/5"), 10)
        assert not is_written(running, "/whole/3")
        assert "Content-Length: 5242880" in take_head(link)
        assert take(link, 5 * len(PIECE)) == PIECE * 5
        health = take_head(link)
        size = int(health.partition("Content-Length: ")[2].partition("\r\n")[0])
        assert b"alive" in take(link, size)
        assert "Content-Length: 3145728" in take_head(link)
        assert take(link, 3 * len(PIECE)) == PIECE * 3
        link.sendall((KEPT % b"/whole/9").replace(b"GET", b"HEAD"))
        assert "Content-Length: 9437184" in take_head(link)
        link.sendall(KEPT % b"/health")
        assert take_head(link).startswith("HTTP/1.1 200 OK")


def test_more_than_is_kept_of_an_answer_in_pieces_arrives_whole(tmp_path: Path) -> None:
    with server(tmp_path) as running, connected(running.port) as link:
        link.sendall(request("GET", "/pieces/40"))
        assert "Transfer-Encoding: chunked" in take_head(link)
        answer = take(link, 41 * len(PIECE))
        assert answer.count(PIECE) == 40
        assert answer.endswith(b"\r\n0\r\n\r\n")


def test_an_answer_that_goes_out_when_the_worker_is_stopped_arrives_whole(tmp_path: Path) -> None:
    with server(tmp_path) as running, connected(running.port, takes=4096) as link:
        link.sendall(request("GET", "/whole/6"))
        wait_for("it is answered", lambda: is_written(running, "/whole/6"), 10)
        running.process.send_signal(signal.SIGTERM)
        time.sleep(1)
        assert running.process.poll() is None
        assert "Content-Length: 6291456" in take_head(link)
        assert take(link, 7 * len(PIECE)) == PIECE * 6
        assert running.process.wait(30) == 0
        assert "cut off" not in running.said()


def test_who_reads_nothing_is_let_go_while_who_reads_slowly_gets_all(tmp_path: Path) -> None:
    with server(tmp_path) as running, ExitStack() as links, ThreadPoolExecutor(1) as pool:
        silent = [links.enter_context(connected(running.port, takes=4096)) for _ in range(3)]
        slow = links.enter_context(connected(running.port, takes=4096))
        for link in (*silent, slow):
            link.sendall(request("GET", "/whole/12"))

        def read_slowly() -> int:
            """Begin so slowly that the time without what is taken would be over."""
            size = 0
            for _ in range(64):
                size += len(take(slow, 1 << 15))
                time.sleep(0.25)
            return size + len(take(slow, 13 * len(PIECE)))

        read = pool.submit(read_slowly)
        wait_for("all are answered", lambda: running.said().count("path=/whole/12") == 4, 10)
        assert exchanged(running.port, request("GET", "/health")).status == 200
        time.sleep(SECONDS + 5)  # some bytes their systems have taken, which gives them time
        for link in silent:
            with pytest.raises(ConnectionResetError):
                take(link, 13 * len(PIECE))
        assert read.result() > 12 * len(PIECE)
        assert "Traceback" not in running.said()
