"""Asks git whether it tracks a file."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from knowctl.model.surroundings import Committed

PATIENCE: Final = 2.0
"""Seconds; looking into an index takes milliseconds."""


def committed(paths: Iterable[Path]) -> Committed:
    """Those of the files that git tracks; outside a work tree it is not asked."""
    files: list[str] = []
    for path in paths:
        if not _in_work_tree(path):
            continue
        try:
            if _is_tracked(path):
                files.append(str(path))
        except (OSError, subprocess.SubprocessError, ValueError) as error:
            return Committed(tuple(files), _reason(error))
    return Committed(tuple(files))


def _in_work_tree(path: Path) -> bool:
    try:
        place = path.absolute().parent
        return any((each / ".git").exists() for each in (place, *place.parents))
    except (OSError, ValueError):
        return False


def _is_tracked(path: Path) -> bool:
    command = ["git", "--literal-pathspecs", "-C", str(path.absolute().parent), "ls-files", "-z"]
    answer = subprocess.run(
        [*command, "--", path.name], capture_output=True, timeout=PATIENCE, check=True
    )
    return bool(answer.stdout)


def _reason(error: Exception) -> str:
    if isinstance(error, subprocess.CalledProcessError):
        words = error.stderr.decode("utf-8", "replace").strip().splitlines()
        return words[0] if words else f"git ended with {error.returncode}"
    if isinstance(error, FileNotFoundError):
        return "git is not installed"
    return f"git did not answer: {type(error).__name__}"
