"""Where the text of a setting comes from: command line, environment, secret file or .env."""

from __future__ import annotations

import errno
import io
import os
import select
import stat
import sys
import time
from collections.abc import Iterator, Mapping
from enum import StrEnum
from io import FileIO
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

LARGEST_FILE: Final = 1 << 20
PIPE_SECONDS: Final = 2.0
"""How long a pipe or a device may take: `--env-file <(sops -d .env)` has to decrypt first."""


class ProblemKind(StrEnum):
    """What is wrong with a setting or with the place it comes from."""

    UNREADABLE = "unreadable"
    SYNTAX = "syntax"
    TWICE = "twice"
    VALUE = "value"
    MISSING = "missing"
    UNTRUSTED = "untrusted"


class Origin(NamedTuple):
    """Where a value came from: `file` and `line` where there is one, else the `kind` alone."""

    kind: str
    file: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return place or self.kind


class Raw(NamedTuple):
    """The text of a setting before it is read, and its origin."""

    text: str
    origin: Origin


class Problem(NamedTuple):
    """A fault that keeps the settings from being used, never with a secret's text in it."""

    kind: ProblemKind
    name: str
    cause: str
    hint: str
    origin: Origin


class EnvFile(NamedTuple):
    """What a .env file holds, the last of equal names winning, and what is wrong with it.

    `empty` are the names that stand there without a value. `doubt` says why somebody else may
    have written it, where nobody named it.
    """

    values: Mapping[str, Raw]
    problems: tuple[Problem, ...] = ()
    empty: Mapping[str, Origin] = MappingProxyType({})
    doubt: str = ""


def read_env_file(path: Path, *, required: bool) -> EnvFile:
    """Read a .env file; one that is not there is empty unless `required` (it was asked for)."""
    try:
        with _opened(path) as file:
            doubt = "" if required else _doubt(os.fstat(file.fileno()))
            content = _text_of(file)
    except FileNotFoundError:
        return EnvFile({}, (_missing(path),) if required else ())
    except (OSError, UnicodeDecodeError, ValueError) as error:
        return EnvFile({}, (_unreadable(path, error),))
    return _parse(path, content)._replace(doubt=doubt)


def read_secret_file(name: str, pointer: Raw) -> Raw | Problem:
    """The value of `name` from the file that `<name>_FILE` names, less one trailing newline."""
    path = Path(pointer.text)
    try:
        with _opened(path) as file:
            content = _text_of(file)
    except (OSError, UnicodeDecodeError, ValueError) as error:
        cause = f"{name}_FILE names {path}, which can't be read: {_reason(error)}"
        hint = f"make {path} readable for this user, or unset {name}_FILE"
        return Problem(ProblemKind.UNREADABLE, f"{name}_FILE", cause, hint, pointer.origin)
    return Raw(content.removesuffix("\n").removesuffix("\r"), Origin("secret file", str(path)))


def from_mapping(values: Mapping[str, str], kind: str) -> dict[str, Raw]:
    """Values that a mapping holds, such as the process environment; empty means unset."""
    return {name: Raw(text, Origin(kind)) for name, text in values.items() if text}


def _opened(path: Path) -> FileIO:
    return open(path, "rb", buffering=0, opener=_opened_at_once)


def _doubt(found: os.stat_result) -> str:
    """Why somebody else may have written a file; its group may, which is mostly one's own."""
    if sys.platform == "win32":  # pragma: no cover - it tells neither owners nor modes
        return ""
    if found.st_uid not in {0, os.geteuid()}:
        return f"belongs to user id {found.st_uid}"
    if found.st_mode & stat.S_IWOTH:
        return f"may be written by everybody (mode {stat.S_IMODE(found.st_mode):04o})"
    return ""


def _text_of(file: FileIO) -> str:
    content = _bytes_of(file)
    if len(content) > LARGEST_FILE:
        raise ValueError("it is larger than 1 MiB")
    if b"\0" in content:
        raise ValueError("it holds a NUL byte, so it is no text file")
    return content.decode("utf-8-sig")


def _opened_at_once(path: str, flags: int) -> int:
    """What `open` does, but for a pipe to which nobody writes: that would be waited for."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _bytes_of(file: FileIO) -> bytes:
    """All of a file, up to a byte more than it may have; what comes through a pipe must come soon.

    Raises TimeoutError where it does not.
    """
    content = b""
    end = time.monotonic() + PIPE_SECONDS
    waits = hasattr(select, "poll") and not stat.S_ISREG(os.fstat(file.fileno()).st_mode)
    while len(content) <= LARGEST_FILE:
        if waits and not _comes(file, end - time.monotonic()):
            raise TimeoutError(errno.ETIMEDOUT, "it is no regular file, and nothing came")
        part = file.read(LARGEST_FILE + 1 - len(content))
        if not part:
            break
        content += part
    return content


def _comes(file: FileIO, seconds: float) -> bool:
    poll = select.poll()
    poll.register(file, select.POLLIN)
    return bool(poll.poll(max(0.0, seconds) * 1000))


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    if isinstance(error, UnicodeDecodeError):
        return f"it is not UTF-8 (byte {error.start})"
    return str(error)


def _missing(path: Path) -> Problem:
    return Problem(
        ProblemKind.UNREADABLE,
        str(path),
        f"{path} does not exist",
        f"knowctl config init --env-file {path}",
        Origin("file", str(path)),
    )


def _unreadable(path: Path, error: Exception) -> Problem:
    denied = isinstance(error, PermissionError)
    remedy = f"ls -l {path}; run as its owner" if denied else f"mend {path}"
    return Problem(
        ProblemKind.UNREADABLE,
        str(path),
        f"{path} can't be read: {_reason(error)}",
        f"{remedy}, or name another file with --env-file",
        Origin("file", str(path)),
    )


def _parse(path: Path, content: str) -> EnvFile:
    values: dict[str, Raw] = {}
    empty: dict[str, Origin] = {}
    problems: list[Problem] = []
    for name, value, line in _bindings(content):
        origin = Origin("file", str(path), line)
        if name is None or value is None:
            problems.append(_malformed(path, line, origin))
        elif value:
            values[name] = Raw(value, origin)
            empty.pop(name, None)
        else:
            values.pop(name, None)
            empty[name] = origin
    return EnvFile(values, tuple(problems), empty)


def _bindings(content: str) -> Iterator[tuple[str | None, str | None, int]]:
    """Name, value and first line of each entry; name or value None where it can't be read."""
    from dotenv.parser import parse_stream  # noqa: PLC0415 -- only where there is a file: 20 ms

    for binding in parse_stream(io.StringIO(content)):
        leading = binding.original.string
        line = binding.original.line + leading[: len(leading) - len(leading.lstrip())].count("\n")
        if binding.error:
            yield None, None, line
        elif binding.key is not None:
            yield binding.key, binding.value, line


def _malformed(path: Path, line: int, origin: Origin) -> Problem:
    cause = f"line {line} of {path} is not NAME=value (an unclosed quote, or no '=')"
    hint = f"write line {line} as NAME=value, the value on one line"
    return Problem(ProblemKind.SYNTAX, str(path), cause, hint, origin)
