"""What systemd is told and gives: sd_notify(3), the watchdog, and sockets that it has bound."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

OWN: Final = (
    "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES",
)  # fmt: skip
"""Variables that speak to the supervisor alone."""
FIRST_FD: Final = 3
MICROSECONDS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Systemd:
    """The service manager of this process; without one, telling it does nothing."""

    address: str | None = None
    watchdog: float | None = None
    """Seconds between signs of life, half of what it waits."""

    def ready(self, status: str) -> None:
        """The service serves."""
        self._notify(f"READY=1\nSTATUS={status}\nMAINPID={os.getpid()}")

    def reloading(self) -> None:
        """A reload began; `ready` ends it."""
        now = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self._notify(f"RELOADING=1\nMONOTONIC_USEC={now}")

    def stopping(self, seconds: float) -> None:
        """The service drains and stops, and needs so long at most."""
        self._notify("STOPPING=1")
        self.extend(seconds)

    def extend(self, seconds: float) -> None:
        """Starting or stopping takes so much longer."""
        self._notify(f"EXTEND_TIMEOUT_USEC={int(seconds * MICROSECONDS)}")

    def alive(self) -> None:
        """A sign of life."""
        self._notify("WATCHDOG=1")

    def _notify(self, message: str) -> None:
        if not self.address:
            return
        name = f"\0{self.address[1:]}" if self.address.startswith("@") else self.address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
                channel.settimeout(0)
                channel.sendto(message.encode(), name)
        except OSError:
            return  # whoever started us no longer listens; that is no reason to stop serving


def of_environment(environ: Mapping[str, str], pid: int) -> Systemd:
    """The service manager that an environment names."""
    usec = environ.get("WATCHDOG_USEC", "")
    meant = environ.get("WATCHDOG_PID", str(pid)) == str(pid)
    watchdog = int(usec) / MICROSECONDS / 2 if usec.isdigit() and int(usec) and meant else None
    return Systemd(environ.get("NOTIFY_SOCKET") or None, watchdog)


def inherited_sockets(environ: Mapping[str, str], pid: int) -> tuple[int, ...]:
    """Descriptors that systemd has bound for this process."""
    count = environ.get("LISTEN_FDS", "")
    if environ.get("LISTEN_PID") != str(pid) or not count.isdigit():
        return ()
    return tuple(range(FIRST_FD, FIRST_FD + int(count)))
