"""Writes a compressed archive for its owner alone, whole or not at all, over nothing."""

from __future__ import annotations

import contextlib
import io
import os
import tarfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from knowctl.errors import ErrorCode, ExitCode, KnowctlError
from knowctl.model.results import WrittenFile

OWNER_ONLY: Final = 0o600


@dataclass(frozen=True, slots=True)
class ArchiveProbe:
    """The archive at `path`."""

    path: Path
    now: Callable[[], float] = time.time

    def require(self) -> None:
        """KnowctlError where it is there already, or nothing can be written beside it."""
        if os.path.lexists(self.path):
            raise _exists(self.path)
        place = self.path.absolute().parent
        if not place.is_dir():
            raise _unwritable(self.path, "there is no such directory")
        if not os.access(place, os.W_OK):
            raise _unwritable(self.path, "this user may not write there")

    def write(self, members: Mapping[str, str]) -> WrittenFile:
        """Write these files, in a directory of the archive's own name."""
        try:
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
        except FileExistsError as error:
            raise _exists(self.path) from error
        except OSError as error:
            raise _unwritable(self.path, error.strerror or str(error)) from error
        try:
            with os.fdopen(descriptor, "wb") as file:
                self._fill(file, members)
        except OSError as error:
            with contextlib.suppress(OSError):
                self.path.unlink()
            raise _unwritable(self.path, error.strerror or str(error)) from error
        return WrittenFile(str(self.path), f"{len(members)} files, for this user alone")

    def _fill(self, file: io.BufferedWriter, members: Mapping[str, str]) -> None:
        directory = self.path.name.partition(".")[0] or "bundle"
        with tarfile.open(fileobj=file, mode="w:gz") as archive:
            for name, text in members.items():
                content = text.encode(errors="replace")
                entry = tarfile.TarInfo(f"{directory}/{name}")
                entry.size, entry.mode, entry.mtime = len(content), OWNER_ONLY, int(self.now())
                archive.addfile(entry, io.BytesIO(content))


def _exists(path: Path) -> KnowctlError:
    return KnowctlError(
        ErrorCode.EXISTS,
        f"{path} is already there",
        cause="a bundle is written over nothing",
        hint="name another file, or remove that one first",
        exit_code=ExitCode.REFUSED,
    )


def _unwritable(path: Path, cause: str) -> KnowctlError:
    return KnowctlError(
        ErrorCode.FILE,
        f"{path} can't be written",
        cause=cause,
        hint="name a file in a directory of yours with room: --bundle /tmp/bundle.tar.gz",
    )
