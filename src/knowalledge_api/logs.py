"""One line a record, as JSON or for people, that no value in it can break or forge."""

from __future__ import annotations

import json
import logging
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import nullcontext
from contextvars import ContextVar
from datetime import UTC, datetime
from time import time
from typing import IO, Any, Final

import orjson

from knowalledge_api.lines import field, unforged
from knowalledge_api.settings import Settings
from knowalledge_api.settings.table import LogFormat

log = logging.getLogger(__name__)

request_id: Final[ContextVar[str]] = ContextVar("request_id", default="")
"""The request that this thread works on, empty between requests."""
access_log: Final = logging.getLogger("knowalledge_api.access")
"""Names the records of requests; its level decides whether they are written."""

QUIET: Final = ("alembic.runtime.plugins", "google_genai", "httpcore2", "httpx2")
"""What tells its set-up, or at debug what others sent: there may be anything in that."""
ATOMIC: Final = 4096
"""Bytes that come out of a pipe as one piece, however many write into it: PIPE_BUF of Linux."""
_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class OurFormatter(logging.Formatter):
    """A formatter that writes the record of a request as well, without a LogRecord."""

    def access(self, fields: dict[str, Any]) -> bytes:
        """The whole line of a request's record, its end included."""
        raise NotImplementedError


class JsonFormatter(OurFormatter):
    """One JSON object: time, level, logger, message, request_id, and the record's extras."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line of JSON."""
        fields: dict[str, Any] = {
            "time": _moment(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_request_field(record),
            **_extras(record),
        }
        if record.exc_info:
            fields["exception"] = self.formatException(record.exc_info)
        return unforged(_dump(fields))

    def access(self, fields: dict[str, Any]) -> bytes:
        """One serialisation; what orjson leaves as it is, but could forge, is not ASCII or DEL."""
        line = orjson.dumps({"time": _now(), **_ACCESS, **fields}, option=orjson.OPT_APPEND_NEWLINE)
        if line.isascii() and b"\x7f" not in line:
            return line
        return f"{unforged(line[:-1].decode())}\n".encode()


class ConsoleFormatter(OurFormatter):
    """For people: time, level, logger, message, extras; a traceback follows, each line marked."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line, and its traceback as lines that can't be taken for records."""
        extras = {**_request_field(record), **_extras(record)}
        parts = [
            f"{_moment(record)[:19]} {record.levelname:7} {record.name}: {record.getMessage()}",
            *(field(name, value) for name, value in extras.items()),
        ]
        lines = [unforged(" ".join(parts))]
        if record.exc_info:
            trace = self.formatException(record.exc_info).split("\n")
            lines.extend(f"  | {unforged(line)}" for line in trace)
        return "\n".join(lines)

    def access(self, fields: dict[str, Any]) -> bytes:
        """The same line as of any record, without what is unknown."""
        known = [field(name, value) for name, value in fields.items() if value is not None]
        line = " ".join((f"{_now()[:19]} INFO    {access_log.name}: request", *known))
        return f"{unforged(line)}\n".encode()


class OurHandler(logging.Handler):
    """A handler that writes the record of a request as well, in one write."""

    formatter: OurFormatter

    waiting: deque[bytes] | None = None
    """Lines that `flush` writes; None where each is written at once."""

    def access(self, fields: dict[str, Any]) -> None:
        """Write it, or have it wait; a log that can't be written ends no request."""
        try:
            line = self.formatter.access(fields)
            if self.waiting is None:
                self.write(line)
            else:
                self.waiting.append(line)
        except Exception:  # noqa: BLE001 -- logging's own convention: a log must not end a request
            self.handleError(_record_of(fields))

    def write_waiting(self) -> None:
        """Write what waits, as many lines at once as no other process can come between."""
        while self.waiting:
            lines = self.waiting.popleft()
            while self.waiting and len(lines) + len(self.waiting[0]) <= ATOMIC:
                lines += self.waiting.popleft()
            try:
                self.write(lines)
            except Exception:  # noqa: BLE001 -- as above
                self.handleError(_record_of({}))

    def write(self, line: bytes) -> None:
        """Write whole lines."""
        raise NotImplementedError


class StderrHandler(OurHandler):
    """Writes to whatever sys.stderr is when it writes, each record in one write."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record."""
        try:
            sys.stderr.write(f"{self.format(record)}\n")
            sys.stderr.flush()
        except Exception:  # noqa: BLE001 -- logging's own convention: a log must not end a request
            self.handleError(record)

    def write(self, line: bytes) -> None:
        """Write a whole line, past the encoder that it does not need."""
        stream = sys.stderr.buffer
        stream.write(line)
        stream.flush()


class AppendingHandler(logging.FileHandler, OurHandler):
    """Appends to a file that several processes share, each record in one unbuffered write."""

    stream: Any  # raw bytes here, where the class it extends has text
    formatter: OurFormatter

    def _open(self) -> IO[bytes]:  # type: ignore[override]  # bytes: orjson writes them
        return open(self.baseFilename, "ab", buffering=0)  # noqa: PTH123 -- as the class it overrides

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record."""
        try:
            self.stream.write(f"{self.format(record)}\n".encode())
        except Exception:  # noqa: BLE001 -- logging's own convention: a log must not end a request
            self.handleError(record)

    def write(self, line: bytes) -> None:
        """Write a whole line."""
        self.stream.write(line)

    def reopen(self) -> None:
        """Go on in the file that has the name now; OSError where it can't be had, and no change."""
        opened = self._open()
        with self.lock or nullcontext():
            before, self.stream = self.stream, opened
        before.close()


def configure(settings: Settings) -> None:
    """Send what this process logs where the settings say; handlers of others stay."""
    root = logging.getLogger()
    for handler in tuple(_ours()):
        root.removeHandler(handler)
        handler.close()
    root.addHandler(make_handler(settings))
    root.setLevel(settings.log_level.upper())
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def hold_access() -> None:
    """Have the records of requests wait for `write_held`, which somebody calls again and again.

    A write lets go of the interpreter: a request that wrote its own record then waited for all
    others to get it back (docs/decisions/0027).
    """
    for handler in _ours():
        handler.waiting = deque()


def write_held() -> None:
    """Write the records that wait; by one thread alone."""
    for handler in _ours():
        handler.write_waiting()


def write_access(fields: dict[str, Any]) -> None:
    """Write the record of a request: its fields, in the order in which they are shown.

    Our own handlers write it as it is: a LogRecord on the way cost three times as much
    (docs/decisions/0021). Handlers of others get one.
    """
    if not access_log.isEnabledFor(logging.INFO):
        return
    for handler in logging.getLogger().handlers:
        if isinstance(handler, OurHandler):
            handler.access(fields)
        else:
            handler.handle(_record_of(fields))


def reopen() -> None:
    """Go on in a new LOG_FILE, after the old one was renamed; in the old where that fails."""
    for handler in _ours():
        if isinstance(handler, AppendingHandler):
            try:
                handler.reopen()
            except OSError as error:
                log.error("LOG_FILE can't be reopened, the old file is kept: %s", error)  # noqa: TRY400 -- where it happened is plain


def _ours() -> Iterator[OurHandler]:
    return (each for each in logging.getLogger().handlers if isinstance(each, OurHandler))


def make_handler(settings: Settings) -> OurHandler:
    """The one handler of the settings, to stderr or to LOG_FILE."""
    handler: OurHandler = (
        AppendingHandler(settings.log_file) if settings.log_file else StderrHandler()
    )
    json_wanted = settings.log_format is LogFormat.JSON
    handler.setFormatter(JsonFormatter() if json_wanted else ConsoleFormatter())
    return handler


def gunicorn_logconfig(settings: Settings) -> dict[str, Any]:
    """A `logconfig_dict` for gunicorn: its records go through the same handler and formatter."""
    through_root = {"handlers": [], "propagate": True}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {},
        "handlers": {"ours": {"()": make_handler, "settings": settings}},
        "root": {"handlers": ["ours"], "level": settings.log_level.upper()},
        "loggers": {"gunicorn.error": through_root, "gunicorn.access": through_root},
    }


_ACCESS: Final = {"level": "info", "logger": access_log.name, "message": "request"}


def _record_of(fields: dict[str, Any]) -> logging.LogRecord:
    """A LogRecord of a request."""
    told = {"name": access_log.name, "levelno": logging.INFO, "levelname": "INFO"}
    return logging.makeLogRecord({**told, "msg": "request", **fields})


_second: list[tuple[int, str]] = [(0, "")]
"""The second that was last told, as a number and as text: most records share it with others."""


def _now() -> str:
    """The time, as `_moment` has it."""
    now = time()
    whole = int(now)
    second, text = _second[0]
    if second != whole:
        text = datetime.fromtimestamp(whole, UTC).isoformat()[:19]
        _second[0] = (whole, text)
    return f"{text}.{int((now - whole) * 1000):03d}+00:00"


def _moment(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


def _request_field(record: logging.LogRecord) -> dict[str, str]:
    current = "" if hasattr(record, "request_id") else request_id.get()
    return {"request_id": current} if current else {}


def _extras(record: logging.LogRecord) -> dict[str, Any]:
    return {name: value for name, value in vars(record).items() if name not in _STANDARD}


def _dump(fields: dict[str, Any]) -> str:
    try:
        return orjson.dumps(fields, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
    except orjson.JSONEncodeError:  # half a surrogate pair, or a number beyond 64 bits
        return json.dumps(fields, default=str)
