"""The one thread of the live part."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from knowalledge_api.live import watch as module
from knowalledge_api.live.channel import Channel
from knowalledge_api.live.transport import Listener, listen_on_unix_socket
from knowalledge_api.live.watch import Look, Watch
from tests.support.live import LONG, raw

LOOK = 0.01


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK", LOOK)


def watching(listener: Listener | None, *looks: Look) -> Watch:
    watch = Watch(Channel(lambda _: {"ok": True}, listener), listener, looks)
    watch.start()
    return watch


def test_it_answers_and_looks_around_again_and_again(tmp_path: Path) -> None:
    looks: list[int] = []
    thrice = threading.Event()

    def look() -> None:
        looks.append(1)
        if len(looks) == 3:
            thrice.set()

    watch = watching(listen_on_unix_socket(tmp_path / "s"), look)
    assert thrice.wait(LONG)
    assert raw(tmp_path / "s", b"{}\n") == {"ok": True}
    watch.stop()
    assert list(tmp_path.iterdir()) == []


def test_a_look_that_fails_is_logged_and_keeps_nobody_from_an_answer(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    later = threading.Event()

    def fail() -> None:
        raise KeyError

    def look() -> None:
        if caplog.records:
            later.set()

    watch = watching(listen_on_unix_socket(tmp_path / "s"), fail, look)
    assert later.wait(LONG)
    assert raw(tmp_path / "s", b"{}\n") == {"ok": True}
    watch.stop()


def test_a_channel_that_fails_is_tried_again_and_what_is_stuck_still_looked_for() -> None:
    class Broken(Channel):
        def turn(self, _: float) -> None:
            raise OSError("broken")

    twice = threading.Semaphore(0)
    watch = Watch(Broken(lambda _: {}), None, [twice.release])
    watch.start()
    assert twice.acquire(timeout=LONG)
    assert twice.acquire(timeout=LONG)
    watch.stop()


def test_its_thread_is_a_daemon_and_ends_when_told() -> None:
    before = threading.active_count()
    watch = watching(None)
    (thread,) = [each for each in threading.enumerate() if each.name == "live"]
    assert thread.daemon
    watch.stop()
    watch.stop()
    assert not thread.is_alive()
    assert threading.active_count() == before


def test_it_can_vanish_and_still_answer_who_is_connected(tmp_path: Path) -> None:
    watch = watching(listen_on_unix_socket(tmp_path / "s"))
    watch.vanish()
    assert list(tmp_path.iterdir()) == []
    watch.stop()
