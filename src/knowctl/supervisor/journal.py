"""What the supervisor says, in the format of every other record of the server."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from knowalledge_api.lines import field, unforged


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Journal:
    """Writes to a file, opened for each record so that it may be moved away, or to stderr.

    What the file does not take goes to stderr, too: it may be about just that.

    `format` is that of LOG_FORMAT: json or console.
    """

    format: str = "console"
    file: str | None = None
    clock: Callable[[], datetime] = _now

    def info(self, message: str, **facts: object) -> None:
        """Something happened as it should."""
        self._write("info", message, facts)

    def warning(self, message: str, **facts: object) -> None:
        """Something happened that an operator should know of."""
        self._write("warning", message, facts)

    def error(self, message: str, **facts: object) -> None:
        """Something failed."""
        self._write("error", message, facts)

    def _write(self, level: str, message: str, facts: dict[str, object]) -> None:
        moment = self.clock().isoformat(timespec="milliseconds")
        if self.format == "json":
            record = {"time": moment, "level": level, "logger": "knowctl", "message": message}
            whole = {**record, **facts}
            line = json.dumps(whole, default=str, ensure_ascii=False, separators=(",", ":"))
        else:
            extras = "".join(f" {field(name, value)}" for name, value in facts.items())
            line = f"{moment[:19]} {level.upper():7} knowctl: {message}{extras}"
        self._put(unforged(line) + "\n")

    def _put(self, line: str) -> None:
        content = line.encode()
        if self.file is None or not _append(self.file, content):
            with suppress(OSError):  # a closed terminal must not end what serves
                os.write(sys.__stderr__.fileno() if sys.__stderr__ else 2, content)


def _append(file: str, content: bytes) -> bool:
    """Whether all of it was written."""
    try:
        with open(file, "ab", buffering=0) as log:  # noqa: PTH123 -- pathlib costs memory
            return log.write(content) == len(content)
    except OSError:
        return False
