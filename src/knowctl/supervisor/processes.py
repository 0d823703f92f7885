"""Child processes: started with the descriptors they need and no others, and every one reaped."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

FIRST_FD: Final = 3
"""Where a child expects inherited sockets: sd_listen_fds(3)."""
ABOVE: Final = 100
"""Descriptors from here up are no child's target."""


@dataclass
class Children:
    """The processes that were started here, and how those ended that have."""

    _running: set[int] = field(default_factory=set)
    _ended: dict[int, int] = field(default_factory=dict)

    def spawn(
        self, command: Sequence[str], environ: Mapping[str, str], descriptors: Sequence[int] = ()
    ) -> int:
        """Start a process in a group of its own: a terminal's Ctrl-C is not for it.

        `descriptors` become 3, 4, … there. OSError where it can't be started.
        """
        moved = [fcntl.fcntl(each, fcntl.F_DUPFD_CLOEXEC, ABOVE) for each in descriptors]
        try:
            actions = [
                (os.POSIX_SPAWN_DUP2, source, FIRST_FD + place)
                for place, source in enumerate(moved)
            ]
            pid = os.posix_spawn(
                command[0], list(command), environ, file_actions=actions, setpgroup=0,
                setsigdef=(signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGPIPE),
            )  # fmt: skip
        finally:
            for each in moved:
                os.close(each)
        self._running.add(pid)
        return pid

    def reap(self) -> None:
        """Take note of every child that has ended, orphans given to process 1 included."""
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if not pid:
                    return
                if pid in self._running:
                    self._running.remove(pid)
                    self._ended[pid] = os.waitstatus_to_exitcode(status)

    def exit_code(self, pid: int) -> int | None:
        """How a child ended: its code, a signal's number below zero, None while it runs."""
        return self._ended.get(pid)

    def signal(self, pid: int, number: int) -> None:
        """Send a signal to a child that has not ended."""
        if pid in self._running:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def signal_group(self, pid: int, number: int) -> None:
        """Send a signal to all that a child has started and left in its group."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, number)


def described(code: int) -> str:
    """An exit code in words."""
    if code >= 0:
        return f"it ended with code {code}"
    try:
        return f"it was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"it was ended by signal {-code}"
