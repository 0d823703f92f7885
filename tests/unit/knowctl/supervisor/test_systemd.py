from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from knowctl.supervisor.systemd import Systemd, inherited_sockets, of_environment


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[tuple[socket.socket, Systemd]]:
    channel = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    channel.bind(str(tmp_path / "notify"))
    channel.settimeout(5)
    with channel:
        yield channel, Systemd(str(tmp_path / "notify"))


def test_systemd_is_told_what_the_service_does(manager: tuple[socket.socket, Systemd]) -> None:
    channel, systemd = manager
    systemd.ready("all is well")
    assert channel.recv(999).decode() == f"READY=1\nSTATUS=all is well\nMAINPID={os.getpid()}"
    systemd.reloading()
    first, second = channel.recv(999).decode().split("\n")
    assert first == "RELOADING=1"
    assert int(second.removeprefix("MONOTONIC_USEC=")) > 0
    systemd.stopping(2.5)
    assert channel.recv(999) == b"STOPPING=1"
    assert channel.recv(999) == b"EXTEND_TIMEOUT_USEC=2500000"
    systemd.alive()
    assert channel.recv(999) == b"WATCHDOG=1"


def test_without_systemd_or_when_it_is_gone_nothing_happens() -> None:
    Systemd().ready("x")
    Systemd("/no/such/socket").ready("x")
    Systemd("@no such name").alive()


@pytest.mark.parametrize(
    ("environ", "watchdog"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "30000000"}, 15.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "7"}, 15.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "8"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_the_watchdog_is_fed_twice_as_often_as_it_asks(
    environ: dict[str, str], watchdog: float | None
) -> None:
    assert of_environment(environ, 7).watchdog == watchdog


def test_the_notify_socket_is_taken_from_the_environment() -> None:
    assert of_environment({"NOTIFY_SOCKET": "/x"}, 7).address == "/x"
    assert of_environment({"NOTIFY_SOCKET": ""}, 7).address is None


@pytest.mark.parametrize(
    ("environ", "descriptors"),
    [
        ({}, ()),
        ({"LISTEN_FDS": "1", "LISTEN_PID": "7"}, (3,)),
        ({"LISTEN_FDS": "2", "LISTEN_PID": "7"}, (3, 4)),
        ({"LISTEN_FDS": "1", "LISTEN_PID": "8"}, ()),
        ({"LISTEN_FDS": "1"}, ()),
        ({"LISTEN_FDS": "x", "LISTEN_PID": "7"}, ()),
    ],
)
def test_sockets_of_systemd_are_ours_when_they_are_meant_for_us(
    environ: dict[str, str], descriptors: tuple[int, ...]
) -> None:
    assert inherited_sockets(environ, 7) == descriptors
