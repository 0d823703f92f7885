"""How many processors this process may use, as its container sees them."""

from __future__ import annotations

import math
import os
from pathlib import Path

CGROUP_V2 = Path("/sys/fs/cgroup/cpu.max")
CGROUP_V1 = Path("/sys/fs/cgroup/cpu")


def available_cpus(v2: Path = CGROUP_V2, v1: Path = CGROUP_V1) -> int:
    """Whole processors: the affinity mask, or the container's CPU quota where that is smaller.

    The quota is rounded up: half a processor still runs one worker. Sources: sched(7) and the
    kernel's cgroup-v2 document, "cpu.max"; cgroup v1's cpu.cfs_quota_us.
    """
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    quota = _quota(v2, v1)
    return max(1, min(allowed or 1, math.ceil(quota) if quota else allowed or 1))


def _quota(v2: Path, v1: Path) -> float | None:
    try:
        if v2.exists():
            limit, period = v2.read_text().split()
        elif v1.exists():
            limit = (v1 / "cpu.cfs_quota_us").read_text()
            period = (v1 / "cpu.cfs_period_us").read_text()
        else:
            return None
        return int(limit) / int(period) if int(limit) > 0 else None
    except (OSError, ValueError, ZeroDivisionError):
        return None  # "max", or a file system that shows no quota: no limit is known
