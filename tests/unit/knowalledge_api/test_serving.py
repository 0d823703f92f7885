"""What a server's process owes its supervisor."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from knowalledge_api.generation import Generation
from knowalledge_api.serving import end_with, grace, listen_privately
from tests.support.configuration import settings_of

GENERATION = Generation(1, Path("/run/gen-1"), 4, 5)
posix = pytest.mark.skipif(sys.platform == "win32", reason="Unix sockets")


@pytest.fixture
def place() -> Iterator[Path]:
    """A path that is short enough for a socket."""
    with tempfile.TemporaryDirectory() as directory:
        yield Path(directory) / "s"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """What the system was asked for; nothing comes of it."""
    asked: list[tuple[int, int]] = []
    system = SimpleNamespace(prctl=lambda option, value: asked.append((option, value)))
    monkeypatch.setattr(ctypes, "CDLL", lambda _: system)
    return asked


def test_a_process_ends_with_its_parent(
    monkeypatch: pytest.MonkeyPatch, asked: list[tuple[int, int]]
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    assert end_with(os.getppid())
    assert asked == [(1, signal.SIGTERM)]


def test_a_parent_that_is_gone_already_is_noticed(asked: list[tuple[int, int]]) -> None:
    assert not end_with(os.getppid() + 1)
    assert len(asked) <= 1


def test_other_systems_are_not_asked_for_it(
    monkeypatch: pytest.MonkeyPatch, asked: list[tuple[int, int]]
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert end_with(os.getppid())
    assert asked == []


@posix
def test_a_private_listener_takes_over_a_path_and_keeps_others_out(place: Path) -> None:
    listen_privately(place).close()
    with listen_privately(place) as listener, socket.socket(socket.AF_UNIX) as client:
        client.connect(str(place))
        assert place.stat().st_mode & 0o777 == 0o600
        assert listener.gettimeout() == 0.0


@posix
def test_a_private_listener_without_a_directory_is_an_error(place: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        listen_privately(place / "none" / "s")


def test_a_server_by_itself_has_its_graceful_time() -> None:
    settings = settings_of(GUNICORN_GRACEFUL_TIMEOUT="30", AI_REQUEST_BUDGET="60")
    assert grace(settings, None) == 30


@pytest.mark.parametrize(("graceful", "seconds"), [("30", 65), ("90", 95)])
def test_a_generation_may_finish_its_longest_request(graceful: str, seconds: int) -> None:
    settings = settings_of(GUNICORN_GRACEFUL_TIMEOUT=graceful, AI_REQUEST_BUDGET="60")
    assert grace(settings, GENERATION) == seconds
