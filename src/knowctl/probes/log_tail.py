"""Reads the end of a log, in whole lines and no more than so much."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG
from typing import Final

from knowctl.model.bundle import LogTail

MOST: Final = 256 * 1024
"""Bytes: some thousand requests, and small enough to send."""
AT_ONCE: Final = getattr(os, "O_NONBLOCK", 0)
"""A pipe is opened without waiting for whoever writes into it."""


@dataclass(frozen=True, slots=True)
class LogTailProbe:
    """The log at `path`; None where it goes to stderr, and whoever reads that keeps it."""

    path: str | None
    most: int = MOST

    def tail(self) -> LogTail:
        """Its end, or why there is none."""
        if self.path is None:
            return LogTail(missing="LOG_FILE is not set, and the log went to stderr")
        try:
            return self._read(Path(self.path))
        except OSError as error:
            return LogTail(missing=f"{self.path}: {error.strerror or error}")

    def _read(self, path: Path) -> LogTail:
        descriptor = os.open(path, os.O_RDONLY | AT_ONCE)
        with os.fdopen(descriptor, "rb") as file:
            found = os.fstat(descriptor)
            if not S_ISREG(found.st_mode):
                return LogTail(missing=f"{self.path} is no file")
            file.seek(max(0, found.st_size - self.most))
            content = file.read(self.most)
        cut = found.st_size > self.most
        if cut:
            content = content.partition(b"\n")[2]
        return LogTail(content.decode(errors="replace"), cut=cut)
