from __future__ import annotations

import json
import socket
import stat
import threading
from pathlib import Path
from typing import Any

import pytest

from knowctl.supervisor.control import Asker, Control
from knowctl.supervisor.loop import Loop


def answer_to(tmp_path: Path, sent: bytes) -> list[dict[str, Any]]:
    """What a supervisor that answers everything says to this."""
    loop = Loop()

    def handle(question: dict[str, Any], asker: Asker) -> None:
        asker.step("heard", str(question["do"]))
        asker.answer(ok=True)

    listener = Control(loop, tmp_path / "control.sock", handle).listen()
    said: list[bytes] = []

    def ask() -> None:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(tmp_path / "control.sock"))
            client.sendall(sent)
            if not sent.endswith(b"\n"):
                client.shutdown(socket.SHUT_WR)
            with client.makefile("rb") as lines:
                said.extend(lines)
        ended.append(True)
        wake.send(b"x")

    ended: list[bool] = []
    woken, wake = socket.socketpair()
    loop.watch(woken, lambda: heard.append(woken.recv(1)))
    heard: list[bytes] = []
    client = threading.Thread(target=ask)
    client.start()

    def until_answered() -> Any:
        yield from loop.until(lambda: bool(ended), 20)
        loop.end()

    loop.start(until_answered())
    loop.run()
    client.join(20)
    for each in (woken, wake, listener):
        each.close()
    return [json.loads(line) for line in said]


def test_a_question_is_answered_line_by_line(tmp_path: Path) -> None:
    assert answer_to(tmp_path, b'{"do": "status"}\n') == [
        {"step": "heard", "detail": "status"},
        {"ok": True},
    ]
    assert stat.S_IMODE((tmp_path / "control.sock").stat().st_mode) == 0o600


def test_a_socket_that_was_left_behind_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "control.sock").touch()
    assert answer_to(tmp_path, b'{"do": "x"}\n')[-1] == {"ok": True}


@pytest.mark.parametrize(
    "sent", [b"", b"{}", b"nonsense\n", b"[1]\n", b"\xff\n", b"[" * 4000 + b"\n", b"x" * 4097]
)
def test_what_is_no_question_is_refused_in_words(tmp_path: Path, sent: bytes) -> None:
    (answer,) = answer_to(tmp_path, sent)
    assert (answer["ok"], answer["message"]) == (False, "that is no question")


def test_one_who_has_gone_misses_the_answer_and_nobody_minds() -> None:
    ours, theirs = socket.socketpair()
    theirs.close()
    asker = Asker(ours)
    asker.step("a", "b")
    asker.answer(ok=True)


def test_a_signal_waits_for_no_answer() -> None:
    Asker().step("a", "b")
    Asker().refuse("no", "because", "instead")
