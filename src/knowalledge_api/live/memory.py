"""The memory that this process holds."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

STATM: Final = Path("/proc/self/statm")
KIBIBYTE: Final = 1024


def rss_bytes(statm: Path = STATM) -> int | None:
    """Resident memory in bytes; where the system tells no more, the most there ever was.

    None where it tells nothing.
    """
    try:
        return int(statm.read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError, IndexError):  # Windows has neither of them
        return _most()


if sys.platform == "win32":

    def _most() -> int | None:
        return None

else:
    import resource

    def _most() -> int | None:
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * KIBIBYTE
