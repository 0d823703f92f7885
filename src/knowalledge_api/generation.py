"""The generation this process belongs to: what its supervisor gave it, how to tell it things."""

from __future__ import annotations

import json
import os
import select
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

VARIABLE: Final = "KNOWCTL_GENERATION"


@dataclass(frozen=True, slots=True)
class Generation:
    """One set of workers under a supervisor.

    `directory` holds the private sockets. `gate` is the read end of a pipe: a byte in it, which
    nobody reads, means that the public socket may be accepted from. `report` is the write end of
    the pipe that the supervisor reads. Both are below zero where there is no supervisor.
    """

    number: int
    directory: Path
    gate: int
    report: int

    @property
    def is_supervised(self) -> bool:
        """Whether somebody opens the gate and reads the reports; on Windows nobody does."""
        return self.gate >= 0

    @property
    def run_directory(self) -> Path:
        """What all generations of this server share."""
        return self.directory.parent

    @property
    def metrics_directory(self) -> Path:
        """Where its workers, and those of the others, count."""
        return self.run_directory / "metrics"

    def private_socket(self, pid: int) -> Path:
        """Where a worker answers HTTP to its supervisor alone."""
        return self.directory / f"w-{pid}.sock"

    def live_socket(self, pid: int) -> Path:
        """Where a worker tells its live state."""
        return self.directory / f"live-{pid}.sock"

    def is_open(self) -> bool:
        """Whether the public socket may be accepted from."""
        if not self.is_supervised:
            return True
        return bool(select.select([self.gate], [], [], 0)[0]) and not self.is_orphaned()

    def is_orphaned(self) -> bool:
        """Whether the supervisor is gone: nobody holds the other end of the gate."""
        if not self.is_supervised:
            return False
        poll = select.poll()
        poll.register(self.gate, 0)
        return any(event & select.POLLHUP for _, event in poll.poll(0))

    def tell(self, event: str, **facts: object) -> None:
        """Tell the supervisor; where it is gone nobody needs to know."""
        if not self.is_supervised:
            return
        line = json.dumps({"event": event, "pid": os.getpid(), **facts})
        try:
            os.write(self.report, f"{line}\n".encode())
        except OSError:
            return


def read(environ: Mapping[str, str]) -> Generation | None:
    """The generation that an environment names, None without one."""
    given = environ.get(VARIABLE)
    if not given:
        return None
    facts = json.loads(given)
    return Generation(facts["number"], Path(facts["directory"]), facts["gate"], facts["report"])


@cache
def current() -> Generation | None:
    """This process's generation; None where it is served without a supervisor."""
    return read(os.environ)
