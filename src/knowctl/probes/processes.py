"""Lists the processes of knowctl and of its server, as the system tells them."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from knowctl.model.bundle import Process, Processes

PROC: Final = Path("/proc")
OURS: Final = re.compile(rb"(^|/|\0)knowctl(\.[a-z_.]+)?\0|knowalledge_api\.wsgi:application")
"""What the command line of each has: supervisor, servers, workers, commands."""


@dataclass(frozen=True, slots=True)
class ProcessesProbe:
    """The processes of this machine, as Linux tells them (proc(5))."""

    proc: Path = PROC
    uptime: Callable[[], float] = time.monotonic
    user: int = field(default_factory=getattr(os, "geteuid", int))

    def processes(self) -> Processes:
        """Those of ours and of this user, this one included, by id."""
        if not (self.proc / "self").exists():
            return Processes((), f"this system has no {self.proc}")
        return Processes(tuple(sorted(self._ours(), key=lambda each: each.pid)))

    def _ours(self) -> Iterator[Process]:
        for each in self.proc.iterdir():
            with suppress(OSError, ValueError, IndexError):  # it has ended
                command = (each / "cmdline").read_bytes() if each.name.isdigit() else b""
                if OURS.search(command) and each.stat().st_uid == self.user:
                    yield _process(each, command, self.uptime())


def _process(place: Path, command: bytes, now: float) -> Process:
    """Source: proc(5), /proc/PID/stat: fields 3, 4, 20, 22 and 24."""
    stat = (place / "stat").read_text(errors="replace").rpartition(")")[2].split()
    state, parent, threads, started, pages = (stat[number - 3] for number in (3, 4, 20, 22, 24))
    words = command.rstrip(b"\0").replace(b"\0", b" ").decode(errors="replace")
    return Process(
        pid=int(place.name),
        parent=int(parent),
        state=state,
        threads=int(threads),
        age_s=round(now - int(started) / os.sysconf("SC_CLK_TCK"), 1),
        rss_bytes=int(pages) * os.sysconf("SC_PAGE_SIZE"),
        command=words,
    )
