"""Directories in memory that servers left which were killed: found by nobody's holding them."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from stat import S_ISDIR
from typing import Final

from knowalledge_api.metrics.files import is_free

PREFIXES: Final = ("knowctl-", "knowalledge-")
"""Under a supervisor, and under gunicorn alone."""
OWNER: Final = "owner"
"""A link in it to the run directory that links to it; gunicorn alone has none."""
YOUNG: Final = 60.0
"""Seconds in which a server that has just made one has workers in it."""


def clear(memory: Path, clock: Callable[[], float] = time.time) -> None:
    """Remove those of this user that no process counts in and no run directory names."""
    for path in memory.glob("know*"):
        if path.name.startswith(PREFIXES) and _is_left(path, clock() - YOUNG):
            shutil.rmtree(path, ignore_errors=True)


def _is_left(path: Path, before: float) -> bool:
    try:
        found = path.lstat()
        ours = S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
        return ours and found.st_mtime < before and not _is_named(path) and _is_unused(path)
    except OSError:  # it has just gone
        return False


def _is_named(path: Path) -> bool:
    try:
        return (path / OWNER / "metrics").readlink() == path
    except OSError:
        return False


def _is_unused(path: Path) -> bool:
    """Whether nobody lives who counts there, seen from whatever container."""
    return all(is_free(each) for each in path.iterdir() if each.is_file())
