from __future__ import annotations

import os
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from knowalledge_api.generation import Generation
from knowctl.supervisor.waitress_server import WaitressServer

SECONDS = 20.0


@dataclass
class Served:
    """A server in a thread, which counts what its loop does."""

    server: WaitressServer
    place: tuple[str, int]
    thread: Thread
    asked: Event = field(default_factory=Event)
    answer: Event = field(default_factory=Event)

    def connect(self) -> socket.socket:
        return socket.create_connection(self.place, timeout=SECONDS)

    def until_it_retires(self) -> None:
        deadline = time.monotonic() + SECONDS
        while self.server.public.accepting:
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def ended(self) -> bool:
        self.thread.join(SECONDS)
        return not self.thread.is_alive()


def ask(client: socket.socket, path: str = "/") -> bytes:
    client.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    return read(client)


def read(client: socket.socket) -> bytes:
    answer = b""
    while not answer.endswith(b"\r\n\r\nok"):
        chunk = client.recv(4096)
        assert chunk, answer
        answer += chunk
    return answer


@contextmanager
def served(
    generation: Generation | None = None, *, keepalive: float = SECONDS, grace: float = SECONDS
) -> Iterator[Served]:
    asked, answer = Event(), Event()

    def application(environ: dict[str, Any], start: Callable[..., object]) -> list[bytes]:
        if environ["PATH_INFO"] == "/slow":
            asked.set()
            answer.wait(SECONDS)
        start("200 OK", [("Content-Length", "2")])
        return [b"ok"]

    with socket.create_server(("127.0.0.1", 0)) as listener:
        place = listener.getsockname()
        server = WaitressServer(
            application, listener, generation=generation, threads=2, keepalive=keepalive
        )
        thread = Thread(target=server.run, args=[grace])
        thread.start()
        try:
            yield Served(server, place, thread, asked, answer)
        finally:
            answer.set()
            server.end()
            server.end()
            thread.join()


def test_it_serves_until_it_is_told_to_end() -> None:
    with served() as running, running.connect() as client:
        assert b"Connection: close" not in ask(client)
        running.server.end(signal.SIGTERM, None)
        running.until_it_retires()
        assert b"Connection: close" in ask(client)
        assert client.recv(1) == b""
        assert running.ended()


def test_a_request_in_flight_is_finished() -> None:
    with served() as running, running.connect() as client:
        client.sendall(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        assert running.asked.wait(SECONDS)
        running.server.end()
        running.until_it_retires()
        running.answer.set()
        assert b"Connection: close" in read(client)
        assert running.ended()


def test_an_idle_client_is_let_go_when_its_time_is_over() -> None:
    with served(keepalive=0.2, grace=9 * SECONDS) as running, running.connect() as client:
        ask(client)
        running.server.end()
        assert client.recv(1) == b""
        assert running.ended()


def test_the_grace_ends_the_wait_for_clients() -> None:
    with served(grace=0.2) as running, running.connect() as client:
        ask(client)
        running.server.end()
        assert running.ended()


def test_asked_twice_it_waits_for_nobody() -> None:
    with served() as running, running.connect() as client:
        ask(client)
        running.server.end()
        running.server.end()
        assert running.ended()


def test_the_log_is_reopened_by_the_loop() -> None:
    with served() as running, running.connect() as client:
        running.server.reopen_log(0, None)
        ask(client)
        assert not running.server.reopening


@pytest.mark.skipif(sys.platform == "win32", reason="generations need POSIX")
class TestInAGeneration:
    @pytest.fixture
    def gate(self) -> Iterator[tuple[int, int]]:
        reader, writer = os.pipe()
        yield reader, writer
        for each in (reader, writer):
            try:
                os.close(each)
            except OSError:
                assert each == writer  # the test has closed it

    @pytest.fixture
    def generation(self, gate: tuple[int, int]) -> Iterator[Generation]:
        with (
            tempfile.TemporaryDirectory() as directory,
            (Path(directory) / "report").open("w") as report,
        ):
            yield Generation(1, Path(directory), gate[0], report.fileno())

    def test_it_answers_in_private_before_the_gate_is_open(
        self, generation: Generation, gate: tuple[int, int]
    ) -> None:
        with served(generation) as running, running.connect() as queued:
            queued.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            with socket.socket(socket.AF_UNIX) as private:
                private.settimeout(SECONDS)
                private.connect(str(generation.private_socket(os.getpid())))
                assert b"200 OK" in ask(private)
            assert not running.server.public.accepting
            os.write(gate[1], b".")
            assert b"200 OK" in read(queued)
            assert '"worker"' in (generation.directory / "report").read_text()
        assert not generation.private_socket(os.getpid()).exists()

    def test_it_ends_with_its_supervisor(
        self, generation: Generation, gate: tuple[int, int]
    ) -> None:
        with served(generation) as running:
            os.close(gate[1])
            assert running.ended()

    def test_how_long_it_may_take_is_the_supervisors_to_say(self, generation: Generation) -> None:
        with served(generation, grace=SECONDS) as running:
            running.server.end()
            running.server.end()
            assert not running.server.hurried
