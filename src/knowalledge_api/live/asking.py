"""Asking processes over their private channels, one or all of a server, within a deadline."""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Final, NamedTuple

from knowalledge_api.live.transport import NOTE, connect

LARGEST: Final = 16 * 1024 * 1024
"""Bytes of one answer."""
CHUNK: Final = 65536


class GoneError(ConnectionError):
    """Nobody listens there."""


class Answer(NamedTuple):
    """What one worker said, or the reason why it said nothing."""

    pid: int
    generation: int
    answer: dict[str, Any] | None
    reason: str


def ask(path: Path, question: Mapping[str, Any], timeout: float) -> dict[str, Any]:
    """The answer to one question.

    Raises ConnectionError with a reason where there is none within `timeout` seconds altogether;
    GoneError, which is one, where nobody listens.
    """
    with closing(ask_lines(path, question, timeout)) as answers:
        for answer in answers:
            return answer
    raise ConnectionError("it hung up without an answer")


def ask_lines(
    path: Path, question: Mapping[str, Any], timeout: float | None
) -> Generator[dict[str, Any], None, None]:
    """The answers to one question, until the other side hangs up.

    Raises as `ask` does, for all of them together; without a timeout they take as long as they
    want.
    """
    end = None if timeout is None else time.monotonic() + timeout
    try:
        with closing(_asked(path, question, _left(end))) as plug:
            for line in _lines(plug, end):
                yield _read(line)
    except TimeoutError:
        raise ConnectionError(f"no answer in {timeout or 0:g} s") from None
    except (FileNotFoundError, ConnectionRefusedError) as error:
        raise GoneError("nobody listens there") from error
    except ConnectionError:
        raise
    except OSError as error:
        raise ConnectionError(error.strerror or str(error)) from error


def ask_all(run_directory: Path, question: Mapping[str, Any], timeout: float) -> list[Answer]:
    """Ask every worker of every generation at once; their answers by generation and pid.

    A worker that has ended is left out; one that is there and silent is reported with the reason.
    """
    answers: list[Answer] = []
    places = [*run_directory.glob("gen-*/live-*.sock"), *run_directory.glob(f"gen-*/live-*{NOTE}")]
    threads = [
        threading.Thread(target=_ask_one, args=(path, question, timeout, answers), daemon=True)
        for path in places
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(answers, key=lambda answer: (answer.generation, answer.pid))


def _ask_one(
    path: Path, question: Mapping[str, Any], timeout: float, answers: list[Answer]
) -> None:
    pid, generation = _number(path.stem), _number(path.parent.name)
    try:
        answers.append(Answer(pid, generation, ask(path, question, timeout), ""))
    except GoneError as error:
        if _is_alive(pid) and path.exists():
            answers.append(Answer(pid, generation, None, str(error)))
    except ConnectionError as error:
        answers.append(Answer(pid, generation, None, str(error)))


def _number(name: str) -> int:
    """The number in live-123 and gen-4; 0 in a name that is none of ours."""
    number = name.rpartition("-")[2]
    return int(number) if number.isdecimal() else 0


def _is_alive(pid: int) -> bool:
    if sys.platform == "win32":  # signal 0 is Ctrl-C there
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it is another user's
        return True
    return True


def _asked(path: Path, question: Mapping[str, Any], seconds: float | None) -> socket.socket:
    try:
        plug, more = connect(path, seconds)
    except ValueError:
        raise ConnectionError(f"{path} can't be read") from None
    try:
        plug.sendall(f"{json.dumps({**question, **more})}\n".encode())
    except BaseException:
        plug.close()
        raise
    return plug


def _lines(plug: socket.socket, end: float | None) -> Iterator[bytes]:
    """What comes, line by line, until the other side hangs up."""
    rest = b""
    while len(rest) <= LARGEST:
        plug.settimeout(_left(end))
        chunk = plug.recv(CHUNK)
        if not chunk:
            return
        *lines, rest = (rest + chunk).split(b"\n")
        yield from lines
    raise ConnectionError("the answer has no end")


def _left(end: float | None) -> float | None:
    """Seconds until `end`; TimeoutError past it."""
    left = None if end is None else end - time.monotonic()
    if left is not None and left <= 0:
        raise TimeoutError
    return left


def _read(line: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(line)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise ConnectionError("the answer can't be read")
    return answer
