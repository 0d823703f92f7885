"""Asks the machine what it has, as a container sees it: processors and memory."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from knowalledge_api.settings.machine import available_cpus
from knowctl.model.tuning import Machine

LIMITS: Final = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)
"""Of cgroup v2 and v1. Source: the kernel's documents of both."""


@dataclass(frozen=True, slots=True)
class MachineProbe:
    """This machine; `limits` are files that hold what a container may have."""

    limits: tuple[Path, ...] = LIMITS

    def machine(self) -> Machine:
        """Processors and memory: the container's limit where it is smaller than the machine."""
        total, limit = _total(), self._limit()
        known = [each for each in (total, limit) if each is not None]
        memory = min(known, default=None)
        origin = (
            "the container's limit" if limit is not None and memory == limit else "this machine"
        )
        return Machine(available_cpus(), memory, memory_from=origin)

    def _limit(self) -> int | None:
        for path in self.limits:
            try:
                return int(path.read_text())
            except (OSError, ValueError):
                continue  # another kind of cgroup, or "max"
        return None


def _total() -> int | None:
    """Bytes; None where the platform does not tell. Source: sysconf(3), _SC_PHYS_PAGES."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None
