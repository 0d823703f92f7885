from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from knowctl.supervisor import prober
from knowctl.supervisor.prober import complaint, main, prove

Say = Callable[[bytes], None]
READY = b'{"ready": true}'
NOT_READY = b'{"ready": false, "checks": {"database": "failed", "schema": "unknown"}}'


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[tuple[str, Say]]:
    """A worker's private socket, which answers with the bytes that a test gives."""
    path = str(tmp_path / "w-7.sock")
    answers: list[bytes] = []

    def answer() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.recv(4096)
                if answers[0]:
                    connection.sendall(answers[0])
                    if len(answers) > 1:
                        answers.pop(0)
                else:
                    connection.recv(1)

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(4)
        threading.Thread(target=answer, daemon=True).start()
        yield path, answers.append
        listener.shutdown(socket.SHUT_RDWR)


def http(status: int, body: bytes) -> bytes:
    head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return head.encode() + body


@pytest.mark.parametrize(
    ("path", "answer", "wrong"),
    [
        ("/ready", http(200, READY), None),
        (
            "/ready",
            http(503, NOT_READY),
            "/ready answered 503: database failed, schema unknown",
        ),
        ("/ready", http(503, b"<html>"), "/ready answered 503"),
        ("/ready", http(404, b"[]"), "/ready answered 404"),
        ("/api/x", http(404, b"{}"), None),
        ("/api/x", http(500, b"{}"), "/api/x answered 500"),
        ("/ready", b"nonsense\r\n\r\n", "/ready was not answered: nonsense"),
    ],
)
def test_an_answer_is_good_or_said_to_be_bad(
    worker: tuple[str, Say], path: str, answer: bytes, wrong: str | None
) -> None:
    place, say = worker
    say(answer)
    said = complaint(place, path, tls=False, timeout=20)
    assert said == wrong or (wrong and said and said.startswith(wrong))


def test_a_worker_that_does_not_answer_is_told_with_its_time(worker: tuple[str, Say]) -> None:
    place, say = worker
    say(b"")
    assert complaint(place, "/ready", tls=False, timeout=0.1) == (
        "/ready was not answered in 0.1 s"
    )


def test_the_line_in_which_a_worker_hangs_is_told(
    worker: tuple[str, Say], monkeypatch: pytest.MonkeyPatch
) -> None:
    place, say = worker
    say(b"")
    frames = [{"file": "a.py", "line": 1, "function": "outer"}]
    inner = {"file": "b.py", "line": 2, "function": "sleep"}
    threads = [
        {"request": None, "frames": []},
        {"request": {"age_ms": 1}, "frames": frames},
        {"request": {"age_ms": 9}, "frames": [*frames, inner]},
    ]
    monkeypatch.setattr(prober, "ask", lambda *_: {"threads": threads})
    assert complaint(place, "/ready", tls=False, timeout=0.1) == (
        "/ready was not answered in 0.1 s; it hangs in sleep (b.py:2)"
    )


def test_a_worker_that_is_not_ready_at_first_is_asked_again(worker: tuple[str, Say]) -> None:
    place, say = worker
    say(http(503, NOT_READY))
    say(http(200, READY))
    assert prove([place], ["/ready"], tls=False, seconds=20) is None


def test_the_last_complaint_is_told_when_time_is_up(worker: tuple[str, Say]) -> None:
    place, say = worker
    say(http(503, NOT_READY))
    wrong = prove([place], ["/ready"], tls=False, seconds=0)
    assert wrong == "worker 7: /ready answered 503: database failed, schema unknown"


def test_nobody_there_is_a_complaint(tmp_path: Path) -> None:
    wrong = prove([str(tmp_path / "w-8.sock")], ["/ready"], tls=False, seconds=0)
    assert wrong
    assert wrong.startswith("worker 8: /ready was not answered: ")


def test_the_complaint_is_written_where_the_supervisor_reads(
    worker: tuple[str, Say], monkeypatch: pytest.MonkeyPatch
) -> None:
    place, say = worker
    say(http(200, READY))
    reader, writer = os.pipe()
    monkeypatch.setattr(prober, "FIRST_FD", writer)
    errand = {"workers": [place], "paths": ["/ready"], "tls": False, "seconds": 20}
    assert main([json.dumps(errand)]) == 0
    assert json.loads(os.read(reader, 999)) == {"complaint": None}
    os.close(reader)
    os.close(writer)
