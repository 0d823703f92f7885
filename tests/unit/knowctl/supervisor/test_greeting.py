from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest

from knowctl.supervisor.greeting import GREETING, greet
from knowctl.supervisor.loop import Loop, Steps


def answered(path: Path, seconds: float = 20) -> bool:
    loop = Loop()
    results: list[bool] = []

    def steps() -> Steps[None]:
        results.append((yield from greet(loop, str(path), seconds)))
        loop.end()

    loop.start(steps())
    loop.run()
    return results[0]


@pytest.mark.parametrize(
    ("answer", "good"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n{}", True),
        (b"HTTP/1.1 503 Service Unavailable\r\n\r\n", False),
        (b"nonsense", False),
        (b"", False),
    ],
)
def test_a_worker_that_answers_well_is_well(tmp_path: Path, answer: bytes, *, good: bool) -> None:
    heard: list[bytes] = []

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            heard.append(connection.recv(4096))
            connection.sendall(answer)

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "w-1.sock"))
        listener.listen()
        server = threading.Thread(target=serve)
        server.start()
        assert answered(tmp_path / "w-1.sock") is good
        server.join(20)
    assert heard == [GREETING]


def test_one_that_is_not_there_or_says_nothing_is_not_well(tmp_path: Path) -> None:
    assert not answered(tmp_path / "missing.sock")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "w-1.sock"))
        listener.listen()
        assert not answered(tmp_path / "w-1.sock", 0.05)
