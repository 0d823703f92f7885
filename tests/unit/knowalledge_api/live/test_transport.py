"""How a process is reached on its own machine."""

from __future__ import annotations

import json
import socket
import stat
import sys
from pathlib import Path

import pytest

from knowalledge_api.live.transport import (
    connect,
    listen,
    listen_on_loopback,
    listen_on_unix_socket,
    way_of,
)
from tests.support.live import LONG

posix = pytest.mark.skipif(sys.platform == "win32", reason="Unix sockets and modes")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_windows_has_the_loopback_and_others_a_unix_socket() -> None:
    assert way_of("win32") is listen_on_loopback
    assert way_of("linux") is way_of("darwin") is listen_on_unix_socket


@posix
def test_a_unix_socket_is_its_owners_alone_and_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "live-1.sock"
    listener = listen(path)
    assert (listener.path, mode(path)) == (path, 0o600)
    assert listener.admits({"ask": "state"})
    plug, more = connect(path, LONG)
    plug.close()
    assert more == {}
    listener.close()
    assert list(tmp_path.iterdir()) == []


@posix
def test_what_a_dead_process_left_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "live-1.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    listener = listen_on_unix_socket(path)
    connect(path, LONG)[0].close()
    listener.close()


@posix
def test_a_place_where_nobody_can_listen_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        listen_on_unix_socket(tmp_path / "gone" / "live-1.sock")
    with pytest.raises(OSError, match="No such file"):
        listen_on_loopback(tmp_path / "gone" / "live-1.sock")


def test_on_the_loopback_a_note_says_where_and_its_token_is_needed(tmp_path: Path) -> None:
    listener = listen_on_loopback(tmp_path / "live-1.sock")
    note = tmp_path / "live-1.json"
    assert listener.path == note
    if sys.platform != "win32":
        assert mode(note) == 0o600
    assert listener.socket.getsockname()[0] == "127.0.0.1"
    plug, more = connect(note, LONG)
    plug.close()
    assert len(more["token"]) >= 32
    assert listener.admits({"ask": "state", **more})
    for wrong in ("", more["token"][:-1], "é", "\ud800", None, 1, [more["token"]]):
        assert not listener.admits({"token": wrong}), wrong
    assert not listener.admits({"ask": "state"})
    listener.close()
    assert list(tmp_path.iterdir()) == []


def test_each_note_has_a_token_of_its_own_and_replaces_an_old_one(tmp_path: Path) -> None:
    (tmp_path / "live-1.json").write_text("{}")
    (tmp_path / "live-1.draft").write_text("left by a process that died")
    first = listen_on_loopback(tmp_path / "live-1.sock")
    second = listen_on_loopback(tmp_path / "live-2.sock")
    assert first.token != second.token
    assert json.loads((tmp_path / "live-1.json").read_text())["token"] == first.token
    first.close()
    second.close()


@pytest.mark.parametrize(
    "note",
    ["", "[]", "{}", '{"port": 1}', '{"port": "x", "token": "a"}', '{"port": 0, "token": "a"}',
     '{"port": 65536, "token": "a"}', '{"port": null, "token": "a"}', "nonsense"],
)  # fmt: skip
def test_a_note_that_makes_no_sense_is_an_error(tmp_path: Path, note: str) -> None:
    path = tmp_path / "live-1.json"
    path.write_text(note)
    with pytest.raises(ValueError, match=r"."):
        connect(path, LONG)


def test_a_note_whose_writer_is_gone_leads_to_nobody(tmp_path: Path) -> None:
    listener = listen_on_loopback(tmp_path / "live-1.sock")
    kept = listener.path.read_text()
    listener.close()
    listener.path.write_text(kept)
    with pytest.raises(ConnectionRefusedError):
        connect(listener.path, LONG)
