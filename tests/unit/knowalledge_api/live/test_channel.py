"""The answering side of a private channel."""

from __future__ import annotations

import json
import select
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from knowalledge_api.live.asking import ask
from knowalledge_api.live.channel import LONGEST, MOST, Channel, question_of
from knowalledge_api.live.transport import connect, listen_on_loopback
from tests.support.live import LONG, answering, raw

SHORT = 0.5
"""Seconds that nobody who is awake takes, even on a busy machine."""


def test_a_question_is_answered_with_one_line(tmp_path: Path) -> None:
    with answering(tmp_path / "s") as place:
        assert raw(place, b'{"ask": "state"}\n') == {"echo": {"ask": "state"}}


def test_a_question_may_come_in_pieces(tmp_path: Path) -> None:
    with answering(tmp_path / "s") as place:
        assert raw(place, b'{"ask":', b' "st', b'ate"}\n{"more": 1}') == {"echo": {"ask": "state"}}


@pytest.mark.parametrize(
    "sent",
    [b"\n", b"garbage\n", b"[1]\n", b"\xff\xfe\n", b"[" * (LONGEST - 1) + b"\n", b"x" * LONGEST],
)
def test_garbage_gets_an_error_and_the_next_asker_an_answer(tmp_path: Path, sent: bytes) -> None:
    with answering(tmp_path / "s", patience=SHORT if b"\n" not in sent else LONG) as place:
        told = raw(place, sent)
        assert told is None or "error" in told
        assert raw(place, b'{"a": 1}\n') == {"echo": {"a": 1}}


def test_whoever_hangs_up_without_a_word_harms_nobody(tmp_path: Path) -> None:
    with answering(tmp_path / "s") as place:
        for _ in range(3):
            connect(place, LONG)[0].close()
        assert raw(place, b'{"a": 1}\n') == {"echo": {"a": 1}}


def test_whoever_hangs_up_before_the_answer_harms_nobody(tmp_path: Path) -> None:
    large = {"x": "x" * 4_000_000}
    with answering(tmp_path / "s", lambda _: large, patience=LONG) as place:
        plug, _ = connect(place, LONG)
        plug.sendall(b"{}\n")
        plug.close()
        assert raw(place, b"{}\n") == large


def test_whoever_says_no_more_is_hung_up_on_at_once(tmp_path: Path) -> None:
    with answering(tmp_path / "s", patience=10 * LONG) as place:
        plug, _ = connect(place, LONG)
        plug.sendall(b'{"half":')
        plug.shutdown(socket.SHUT_WR)
        assert plug.recv(1) == b""
        plug.close()


def test_whoever_says_nothing_is_hung_up_on_and_nobody_waits_for_it(tmp_path: Path) -> None:
    with answering(tmp_path / "s", patience=LONG) as place:
        mute, _ = connect(place, LONG)
        assert raw(place, b'{"a": 1}\n') == {"echo": {"a": 1}}
        mute.close()
    with answering(tmp_path / "s", patience=SHORT) as place:
        mute, _ = connect(place, LONG)
        assert mute.recv(1) == b""
        mute.close()


def test_whoever_does_not_take_its_answer_is_hung_up_on(tmp_path: Path) -> None:
    large = {"x": "x" * 4_000_000}
    with answering(tmp_path / "s", lambda _: large, patience=SHORT) as place:
        plug, _ = connect(place, LONG)
        plug.sendall(b"{}\n")
        assert raw(place, b"{}\n") == large
        hung_up = select.poll()
        hung_up.register(plug, select.POLLHUP)
        assert hung_up.poll(LONG * 1000)
        taken = 0
        while chunk := plug.recv(1 << 20):
            taken += len(chunk)
        plug.close()
        assert taken < len(json.dumps(large))


def test_a_large_answer_arrives_whole(tmp_path: Path) -> None:
    large = {"x": ["é" * 100] * 10_000}
    with answering(tmp_path / "s", lambda _: large, patience=LONG) as place:
        assert ask(place, {}, LONG) == large


def test_beyond_so_many_askers_one_is_hung_up_on(tmp_path: Path) -> None:
    with answering(tmp_path / "s", patience=LONG) as place:
        mute = [connect(place, LONG)[0] for _ in range(MOST)]
        assert raw(place, b"{}\n") is None
        for plug in mute:
            plug.close()
        with socket.socket(socket.AF_UNIX) as last:
            last.connect(str(place))


def test_what_can_not_be_answered_is_logged_and_the_next_is(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def answer(question: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"half": 1 / question["number"]}

    with answering(tmp_path / "s", answer) as place:
        told = raw(place, b'{"number": 0}\n')
        assert raw(place, b'{"number": 2}\n') == {"half": 0.5}
    assert set(told) == {"error"}
    assert "ZeroDivisionError" not in str(told)
    assert "ZeroDivisionError" in caplog.text


def test_on_the_loopback_nobody_is_answered_without_the_token(tmp_path: Path) -> None:
    with answering(tmp_path / "s.sock", listen=listen_on_loopback) as note:
        assert ask(note, {"a": 1}, LONG)["echo"]["a"] == 1
        port = json.loads(note.read_text())["port"]
        with socket.create_connection(("127.0.0.1", port), LONG) as plug:
            plug.sendall(b'{"ask": "state", "token": "guessed"}\n')
            told = json.loads(plug.makefile().readline())
    assert told == {"error": "the token is missing or wrong"}


def test_without_a_listener_a_turn_still_ends_when_woken() -> None:
    channel = Channel(lambda _: {})
    channel.wake()
    channel.turn(10 * LONG)
    channel.close()


def test_a_turn_of_no_time_does_nothing() -> None:
    channel = Channel(lambda _: {})
    channel.turn(0)
    channel.turn(-1)
    channel.close()


def test_a_question_is_an_object_of_a_bounded_length() -> None:
    assert question_of(b'{"ask": "state"}') == {"ask": "state"}
    assert question_of(b'{"a": "' + b"x" * LONGEST + b'"}') is None
    assert question_of(b"1") is None
