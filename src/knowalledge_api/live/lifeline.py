"""The tie to the supervisor: a server whose supervisor is gone ends itself."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Lifeline:
    """Ends this process and `master`, which would start another in its place, once.

    It holds where a parent's death sends no signal, and when it got lost.
    """

    is_orphaned: Callable[[], bool]
    master: int | None
    kill: Callable[[int, signal.Signals], object] = os.kill
    parent: Callable[[], int] = os.getppid
    _cut: bool = False

    def look(self) -> None:
        """Look whether the supervisor is still there."""
        if self._cut or not self.is_orphaned():
            return
        self._cut = True
        if self.master is not None and self.parent() == self.master:  # and nobody else by now
            self.kill(self.master, signal.SIGTERM)
        self.kill(os.getpid(), signal.SIGTERM)
        log.warning("the supervisor is gone, so this server ends")  # last: a log may block
