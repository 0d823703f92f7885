"""Asks the operating system: limits of this process, and the places that a server writes to."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from knowctl.model.machine import HostFacts, MachineFacts, Place, ThreadLimit
from knowctl.model.pool import Sizes
from knowctl.model.results import Where

if sys.platform != "win32":
    import resource

PROC: Final = Path("/proc")
CGROUPS: Final = Path("/sys/fs/cgroup")
PAGE: Final = 4096
"""Bytes: a file system without room for one block does not take them."""


@dataclass(frozen=True, slots=True)
class OperatingSystemProbe:
    """This machine, and what the settings, by attribute, have written on it."""

    values: Mapping[str, Any]
    run_directory: Path
    sizes: Sizes
    server: str
    origins: Mapping[str, Where] = field(default_factory=dict)
    proc: Path = PROC
    cgroups: Path = CGROUPS

    def facts(self) -> HostFacts:
        """Its limits, and each place tried with a file that has no name and stays nowhere."""
        machine = MachineFacts(
            open_files=_limit("RLIMIT_NOFILE"),
            rooms=(*_of_user(self.proc), *_of_control_groups(self.proc, self.cgroups)),
            places=tuple(_places(self.values, self.run_directory)),
        )
        redis = self.values["redis_url"] is not None
        return HostFacts(machine, self.sizes, self.server, redis, self.origins)


def sqlite_file(url: str) -> Path | None:
    """The file of a SQLite database; None for one in memory and for other databases.

    SQLAlchemy, which says the same, may be what is missing here, and takes half a second.
    """
    scheme, _, rest = url.partition("://")
    path, _, query = rest.partition("?")
    name = path.partition("/")[2].removeprefix("file:")
    memory = name in {"", ":memory:"} or "mode=memory" in query.split("&")
    return None if memory or not scheme.startswith("sqlite") else Path(name)


def _limit(name: str) -> int | None:
    """The soft limit; None where there is none."""
    if sys.platform == "win32":  # pragma: no cover - the suite runs on POSIX
        return None
    soft, _ = resource.getrlimit(getattr(resource, name))
    return None if soft == resource.RLIM_INFINITY else soft


def _of_user(proc: Path) -> Iterator[ThreadLimit]:
    """The limit of this user, which counts threads and binds everybody but root (setrlimit(2))."""
    if sys.platform != "win32" and os.geteuid() and proc.is_dir():
        limit = _limit("RLIMIT_NPROC")
        if limit is not None:
            yield ThreadLimit("ulimit -u", limit, sum(_threads(proc, os.geteuid())))


def _threads(proc: Path, user: int) -> Iterator[int]:
    for process in proc.iterdir():
        with suppress(OSError):  # it has ended
            if process.name.isdigit() and process.stat().st_uid == user:
                yield len(list((process / "task").iterdir()))


def _of_control_groups(proc: Path, root: Path) -> Iterator[ThreadLimit]:
    """The limits of this process's group and of those around it, the innermost first.

    Source: the kernel's cgroup-v2 document, "pids.max"; in version 1 the files are the same.
    """
    for directory in _groups(proc, root):
        with suppress(OSError, ValueError):  # there is no limit, or "max"
            limit = int((directory / "pids.max").read_text())
            used = int((directory / "pids.current").read_text())
            yield ThreadLimit(f"{directory}/pids.max", limit, used)


def _groups(proc: Path, root: Path) -> Iterator[Path]:
    with suppress(OSError):
        for line in (proc / "self" / "cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if controllers in {"", "pids"}:
                top = root / controllers
                group = top / path.strip("/")
                yield from (group, *(each for each in group.parents if each.is_relative_to(top)))


def _places(values: Mapping[str, Any], run_directory: Path) -> Iterator[Place]:
    """What is written to: the run directory is made where it is not there yet, no other."""
    file = sqlite_file(values["database_url"].reveal())
    if file is not None:
        yield tried(file.absolute().parent, "DATABASE_URL")
    there = filter(os.path.exists, (run_directory, *run_directory.parents))
    yield tried(next(there), "KNOWCTL_RUN_DIR")
    if values["log_file"]:
        log = Path(values["log_file"]).absolute()
        yield _appended(tried(log.parent, "LOG_FILE"), log)


def tried(directory: Path, setting: str) -> Place:
    """The place, after something was written there that is gone at once."""
    place = Place(str(directory), setting)
    try:
        usage = shutil.disk_usage(directory)
        place = replace(place, free=usage.free, size=usage.total)
        with tempfile.TemporaryFile(dir=directory) as file:
            file.write(b"\0" * PAGE)
    except OSError as error:
        trouble = error.strerror or str(error)
        return replace(place, trouble=trouble, missing=isinstance(error, FileNotFoundError))
    return place


def _appended(place: Place, log: Path) -> Place:
    """A log that is there has to take more, whatever its directory does."""
    if os.path.exists(log) and not os.access(log, os.W_OK):  # noqa: PTH110 -- False where hidden
        return replace(place, path=str(log), trouble="this user may not write to it")
    return place
