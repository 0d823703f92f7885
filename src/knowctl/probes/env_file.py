"""Writes a .env file whole or not at all, for the owner alone, and keeps the former one."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from knowalledge_api.settings.example import env_text
from knowctl.errors import ErrorCode, ExitCode, KnowctlError
from knowctl.model.results import WrittenFile

OWNER_ONLY = 0o600
KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class EnvFileProbe:
    """The .env file at `path`."""

    path: Path

    def secret(self) -> str:
        """A fresh random key: 32 bytes of the system's generator, in hexadecimal."""
        return secrets.token_hex(KEY_BYTES)

    def write(self, values: Mapping[str, str], *, force: bool) -> WrittenFile:
        """Write every setting, these with a value, the others as comments with their defaults.

        A file that is there is refused, or with `force` renamed, never lost.
        """
        new = self.path.parent / f"{self.path.name}.new-{secrets.token_hex(4)}"
        try:
            if self.path.is_dir():
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            _write(new, env_text(values))
            backup = _back_up(self.path) if force else None
            if force:
                new.replace(self.path)
            else:
                os.link(new, self.path)  # fails where there is a file, even one just made
        except FileExistsError as error:
            raise _exists(self.path) from error
        except OSError as error:
            raise _unwritable(self.path, error) from error
        finally:
            with contextlib.suppress(OSError):
                new.unlink(missing_ok=True)
        return WrittenFile(
            str(self.path), "settings with fresh secrets, for this user alone", backup
        )


def _back_up(path: Path) -> str | None:
    """Give the former file a second name, its own being kept until the new one takes it."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    backup = path.with_name(f"{path.name}.{stamp}.{os.getpid()}.bak")
    try:
        os.link(path, backup)
    except FileNotFoundError:
        return None
    with contextlib.suppress(FileNotFoundError):  # a link to nothing
        backup.chmod(OWNER_ONLY)
    return str(backup)


def _write(path: Path, content: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _exists(path: Path) -> KnowctlError:
    return KnowctlError(
        ErrorCode.EXISTS,
        f"{path} is already there",
        cause="it may hold secrets that exist nowhere else",
        hint="knowctl config init --force keeps it as a backup and writes a new one",
        exit_code=ExitCode.REFUSED,
    )


def _unwritable(path: Path, error: OSError) -> KnowctlError:
    return KnowctlError(
        ErrorCode.FILE,
        f"{path} can't be written",
        cause=error.strerror or str(error),
        hint=f"make {path.parent.resolve()} writable and not full, or name another --env-file",
    )
