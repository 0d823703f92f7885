"""Where the workers of a server count together: in memory where there is some, fresh at a start."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from stat import S_ISDIR, S_ISLNK
from typing import Final

NAME: Final = "metrics"
MEMORY: Final = Path("/dev/shm")  # noqa: S108 -- a disk that stalls would stall who counts
PREFIX: Final = "knowctl-"
OWNER: Final = "owner"


def renew(run_directory: Path, memory: Path = MEMORY) -> None:
    """Make it anew below a run directory that is held: a link into memory, else a directory.

    In memory it links back, so that others see whose it is. Raises OSError where neither can
    be made.
    """
    remove(run_directory, memory)
    place = run_directory / NAME
    target = memory / f"{PREFIX}{os.urandom(8).hex()}"
    try:
        target.mkdir(mode=0o700)
    except OSError:  # there is none, or it is not for writing
        place.mkdir(mode=0o700)
    else:
        place.symlink_to(target)
        (target / OWNER).symlink_to(run_directory.absolute())


def remove(run_directory: Path, memory: Path = MEMORY) -> None:
    """Take it away, and what a killed server left in memory."""
    place = run_directory / NAME
    try:
        mode = place.lstat().st_mode
    except OSError:
        return
    if S_ISLNK(mode):
        _remove_ours(place.readlink(), memory)
        place.unlink(missing_ok=True)
    else:
        shutil.rmtree(place, ignore_errors=True)


def _remove_ours(target: Path, memory: Path) -> None:
    """Remove what a link of ours points to, and nothing that it should not point to."""
    if target.parent != memory or not target.name.startswith(PREFIX):
        return
    try:
        found = target.lstat()
    except OSError:
        return
    if S_ISDIR(found.st_mode) and found.st_uid == os.geteuid():
        shutil.rmtree(target, ignore_errors=True)
