"""Preparations: a short-lived child checks, migrates and binds; the supervisor stays light."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from knowctl.supervisor.hand_over import HandOver, Prepared, receive
from knowctl.supervisor.loop import Loop, Steps
from knowctl.supervisor.processes import FIRST_FD, Children, described
from knowctl.supervisor.systemd import OWN

REMINDER: Final = 2.0
"""Seconds for an interrupted preparation to undo what it was doing."""


@dataclass
class Preparation:
    """Runs `knowctl serve` with the words it was given, up to where it would begin to serve."""

    loop: Loop
    children: Children
    words: Sequence[str]
    home: Path
    """The working directory as it was named: behind a link there may be a new release."""
    _pid: int | None = None

    def interrupt(self) -> Steps[None]:
        """Let the one that runs end as Ctrl-C ends a command.

        It is told again until it has ended: Python drops an interruption that falls into a
        callback or a finalizer.
        """
        while self._pid is not None:
            self.children.signal(self._pid, signal.SIGINT)
            yield from self.loop.until(lambda: self._pid is None, REMINDER)

    def _command(self, errand: HandOver) -> list[str]:
        """At a reload it gives way to what serves, and is quiet: whoever asked is told."""
        python = [sys.executable, "-P", "-m"]
        handing = ["--hand-over", str(errand)]
        if errand.first:
            return [*python, "knowctl", *self.words, *handing]
        return [*python, "knowctl.supervisor.gently", "knowctl", *self.words, "-q", *handing]

    def run(self, *, bind: bool, first: bool, seconds: float) -> Steps[tuple[int, Prepared]]:
        """Its exit code and what it came to. It is ended after so many seconds."""
        try:
            os.chdir(self.home)
        except OSError as error:
            return 1, Prepared(None, f"can't work in {self.home}: {error.strerror}")
        ours, theirs = socket.socketpair()
        errand = HandOver(FIRST_FD, bind, first)
        with ours, theirs:
            pid = self._pid = self.children.spawn(
                self._command(errand),
                {name: value for name, value in os.environ.items() if name not in OWN},
                [theirs.fileno()],
            )
            theirs.close()
            try:
                ended = yield from self.loop.until(
                    lambda: self.children.exit_code(pid) is not None, seconds
                )
            finally:
                self.children.signal_group(pid, signal.SIGKILL)
                self._pid = None
            if not ended:
                return 3, Prepared(None, f"the preparation took longer than {seconds:g} s")
            code = self.children.exit_code(pid) or 0
            return code, receive(ours) or Prepared(
                None, f"the preparation failed: {described(code)}; its output tells why"
            )
