"""Asking processes over their private channels."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from threading import Thread

import pytest

from knowalledge_api.live import asking
from knowalledge_api.live.asking import Answer, GoneError, ask, ask_all, ask_lines
from knowalledge_api.live.transport import listen_on_loopback, listen_on_unix_socket
from tests.support.live import LONG, answering, saying

SHORT = 0.05
DEAD = 2**22 + 1
"""No process has it: Linux ends below."""


def test_one_question_gets_one_answer(tmp_path: Path) -> None:
    with answering(tmp_path / "s") as place:
        assert ask(place, {"ask": "state"}, LONG) == {"echo": {"ask": "state"}}


def test_lines_come_until_the_other_side_hangs_up(tmp_path: Path) -> None:
    with saying(tmp_path / "s", b'{"step": "a"}\n{"ok": true}\n') as place:
        assert list(ask_lines(place, {"do": "reload"}, LONG)) == [{"step": "a"}, {"ok": True}]
    with saying(tmp_path / "t", b'{"ok": true}\n') as place:
        assert list(ask_lines(place, {"do": "reload"}, None)) == [{"ok": True}]


def test_silence_ends_with_the_deadline(tmp_path: Path) -> None:
    listener = listen_on_unix_socket(tmp_path / "s")
    with pytest.raises(ConnectionError, match=r"^no answer in 0.05 s$"):
        ask(listener.path, {}, SHORT)
    listener.close()


def drip(listener: socket.socket) -> None:
    """Say something all the time that never becomes an answer."""
    plug, _ = listener.accept()
    with plug, suppress(OSError):
        while True:
            plug.send(b" ")


def test_drops_do_not_put_the_deadline_off(tmp_path: Path) -> None:
    listener = listen_on_unix_socket(tmp_path / "s")
    thread = Thread(target=drip, args=(listener.socket,))
    thread.start()
    with pytest.raises(ConnectionError, match=r"no answer in 0\.05 s"):
        ask(listener.path, {}, SHORT)
    thread.join(LONG)
    listener.close()


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"", "hung up"),
        (b'{"half": ', "hung up"),
        (b"garbage\n", "can't be read"),
        (b"[1]\n", "can't be read"),
    ],
)
def test_no_answer_and_a_wrong_one_have_a_reason(tmp_path: Path, said: bytes, reason: str) -> None:
    with saying(tmp_path / "s", said) as place, pytest.raises(ConnectionError, match=reason):
        ask(place, {}, LONG)


def test_an_answer_without_end_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "LARGEST", 1000)
    with (
        saying(tmp_path / "s", b"x" * 1001) as place,
        pytest.raises(ConnectionError, match="no end"),
    ):
        ask(place, {}, LONG)


def test_where_nobody_listens_is_told_apart(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "dead"))
    for name in ("dead", "never", "never.json"):
        with pytest.raises(GoneError, match="nobody listens"):
            ask(tmp_path / name, {}, LONG)


def test_a_place_that_is_none_has_a_reason(tmp_path: Path) -> None:
    (tmp_path / "live-1.json").write_text("{}")
    with pytest.raises(ConnectionError, match="can't be read"):
        ask(tmp_path / "live-1.json", {}, LONG)
    with pytest.raises(ConnectionError, match="too long"):
        ask(tmp_path / ("x" * 200), {}, LONG)


def test_all_workers_are_asked_at_once_in_both_ways(tmp_path: Path) -> None:
    (tmp_path / "gen-2").mkdir()
    (tmp_path / "gen-10").mkdir()
    silent = listen_on_unix_socket(tmp_path / "gen-2" / "live-8.sock")
    with (
        answering(tmp_path / "gen-10" / "live-7.sock"),
        answering(tmp_path / "gen-2" / "live-9.sock", listen=listen_on_loopback),
    ):
        (tmp_path / "gen-2" / "w-9.sock").touch()
        answers = ask_all(tmp_path, {"a": 1}, 1.0)
    silent.close()
    assert [(each.generation, each.pid) for each in answers] == [(2, 8), (2, 9), (10, 7)]
    assert answers[0] == Answer(8, 2, None, "no answer in 1 s")
    assert answers[2] == Answer(7, 10, {"echo": {"a": 1}}, "")


def test_a_worker_that_has_ended_is_left_out_and_one_that_refuses_is_not(tmp_path: Path) -> None:
    directory = tmp_path / "gen-1"
    directory.mkdir()
    for pid in (DEAD, os.getpid()):
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(str(directory / f"live-{pid}.sock"))
    assert ask_all(tmp_path, {}, LONG) == [Answer(os.getpid(), 1, None, "nobody listens there")]


def test_where_there_is_no_server_there_is_no_answer(tmp_path: Path) -> None:
    assert ask_all(tmp_path / "none", {}, LONG) == []


def test_it_imports_the_standard_library_alone() -> None:
    script = (
        "import sys; import knowalledge_api.live.asking;"
        "print(sorted({name.partition('.')[0] for name in sys.modules}"
        " - set(sys.stdlib_module_names) - {'knowalledge_api', '__main__'}))"
    )
    command = [sys.executable, "-S", "-c", script]
    environ = {"PYTHONPATH": str(Path(asking.__file__).parents[2])}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
