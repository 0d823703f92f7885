"""How much of this machine others take: what a server is kept waiting by is not all its own."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

TICK = 0.4
PROC = Path("/proc")
JIFFIES = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


@dataclass(frozen=True, slots=True)
class Look:
    """CPU seconds so far: of the whole machine, and of this process and all it has started."""

    moment: float
    machine: float
    ours: float


@dataclass
class Neighbours:
    """Looks at the machine's CPU time again and again."""

    looks: list[Look] = field(default_factory=list)
    _end: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Watch, until the end."""
        while True:
            self.looks.append(Look(time.monotonic(), machine_seconds(), our_seconds()))
            if self._end.wait(TICK):
                return

    def end(self) -> None:
        """Look once more, and no more."""
        self._end.set()

    def cores(self, began: float = 0.0, ended: float = float("inf")) -> float:
        """How many cores others had in a window, widened to the looks around it."""
        looks = tuple(self.looks)
        before = [each for each in looks if each.moment <= began] or [looks[0]]
        after = [each for each in looks if each.moment >= ended] or [looks[-1]]
        first, last = before[-1], after[0]
        seconds = last.moment - first.moment
        theirs = (last.machine - first.machine) - (last.ours - first.ours)
        return max(0.0, theirs / seconds) if seconds > 0 else 0.0


@contextmanager
def neighbours() -> Iterator[Neighbours]:
    """What others do while the block runs."""
    watch = Neighbours()
    thread = threading.Thread(target=watch.run, daemon=True)
    thread.start()
    try:
        yield watch
    finally:
        watch.end()
        thread.join()


def machine_seconds() -> float:
    """What all have used, and what the host has withheld (proc(5): steal)."""
    first = (PROC / "stat").read_text().partition("\n")[0]
    user, nice, system, _idle, _iowait, irq, softirq, steal, *_ = map(int, first.split()[1:])
    return (user + nice + system + irq + softirq + steal) / JIFFIES


def our_seconds() -> float:
    """What this process, its descendants and those of them that have ended have used."""
    parents: dict[int, int] = {}
    used: dict[int, int] = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:  # it ended meanwhile
                continue
            parents[int(entry.name)] = int(fields[1])
            used[int(entry.name)] = sum(map(int, fields[11:15]))
    return sum(used[pid] for pid in used if _is_ours(pid, parents)) / JIFFIES


def _is_ours(pid: int, parents: dict[int, int]) -> bool:
    while pid > 1:
        if pid == os.getpid():
            return True
        pid = parents.get(pid, 0)
    return False
