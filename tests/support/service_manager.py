"""systemd's side of a service: the socket that hears of it, and one that is handed over to it."""

from __future__ import annotations

import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

ACTIVATED: Final = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(sys.executable, [sys.executable, *sys.argv[2:]])
"""
"""Starts a program as a .socket unit does: the socket is descriptor 3, for this process alone."""
LARGEST: Final = 4096


@dataclass(frozen=True, slots=True)
class Notice:
    """What one datagram said, by name, and what was seen when it came."""

    at: float
    said: dict[str, str]
    seen: object


@dataclass
class Manager:
    """Hears a service, and looks at it whenever that says READY=1."""

    channel: socket.socket
    look: Callable[[], object]
    heard: list[Notice] = field(default_factory=list)

    def listen(self) -> None:
        """Take down all that is said, until the channel is closed."""
        while message := self.channel.recv(LARGEST).decode():
            at = time.monotonic()
            said = dict(line.split("=", 1) for line in message.splitlines())
            self.heard.append(Notice(at, said, self.look() if "READY" in said else None))

    def of(self, name: str, since: int = 0) -> list[Notice]:
        """The datagrams that say this, after the first `since` ones."""
        return [each for each in self.heard[since:] if name in each.said]


@contextmanager
def managing(address: Path, look: Callable[[], object]) -> Iterator[Manager]:
    """A service manager whose NOTIFY_SOCKET is the address."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(str(address))
        manager = Manager(channel, look)
        thread = threading.Thread(target=manager.listen)
        thread.start()
        try:
            yield manager
        finally:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
                last.sendto(b"", str(address))
            thread.join()


def activated(listener: socket.socket, command: list[str]) -> list[str]:
    """The command, started with the listener as systemd hands it over; it is `python …`."""
    return [sys.executable, "-c", ACTIVATED, str(listener.fileno()), *command[1:]]
