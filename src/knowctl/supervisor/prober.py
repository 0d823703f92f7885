"""Whether workers answer: each is asked on its private socket, by a short-lived process."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import ssl
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from knowalledge_api.live.asking import ask
from knowctl.supervisor.processes import FIRST_FD

PAUSE: Final = 0.1
PATIENCE: Final = 5.0
"""Seconds for one answer; a worker that takes longer is asked again until the time is up."""
BROKEN: Final = 500
LARGEST: Final = 1 << 16


class PrivateConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket, with TLS where the server has a certificate."""

    def __init__(self, path: str, timeout: float, *, tls: bool) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path
        self._tls = tls

    def connect(self) -> None:
        """Connect; whose certificate it is does not matter on a private socket."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)
        if self._tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            self.sock = context.wrap_socket(self.sock)


def complaint(worker: str, path: str, *, tls: bool, timeout: float) -> str | None:
    """What is wrong with a worker's answer to a path; None where it is good.

    /ready has to say 200, any other path anything below 500.
    """
    connection = PrivateConnection(worker, timeout, tls=tls)
    with contextlib.closing(connection):
        try:
            connection.request("GET", path, headers={"Connection": "close"})
            answer = connection.getresponse()
            body = answer.read(LARGEST)
        except TimeoutError:
            return f"{path} was not answered in {timeout:g} s{_where_it_hangs(worker)}"
        except (OSError, http.client.HTTPException) as error:
            return f"{path} was not answered: {str(error) or type(error).__name__}"
    good = answer.status == http.client.OK if path == "/ready" else answer.status < BROKEN
    return None if good else f"{path} answered {answer.status}{_failed_checks(body)}"


def prove(
    workers: Sequence[str],
    paths: Sequence[str],
    *,
    tls: bool,
    seconds: float,
    clock: Callable[[], float] = time.monotonic,
) -> str | None:
    """Ask every worker every path until all are good; the last complaint when time is up."""
    deadline = clock() + seconds
    for worker in workers:
        for path in paths:
            while True:
                left = max(0.1, min(PATIENCE, deadline - clock()))
                wrong = complaint(worker, path, tls=tls, timeout=left)
                if wrong is None:
                    break
                if clock() + PAUSE >= deadline:
                    return f"worker {_pid(worker)}: {wrong}"
                time.sleep(PAUSE)
    return None


def main(argv: Sequence[str]) -> int:
    """Prove what the argument names, as JSON, and write the complaint to descriptor 3, as JSON."""
    errand: dict[str, Any] = json.loads(argv[0])
    wrong = prove(errand["workers"], errand["paths"], tls=errand["tls"], seconds=errand["seconds"])
    os.write(FIRST_FD, json.dumps({"complaint": wrong}).encode())
    return 0


def _failed_checks(body: bytes) -> str:
    try:
        checks = json.loads(body)["checks"]
        return ": " + ", ".join(f"{name} {status}" for name, status in checks.items())
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return ""


def _where_it_hangs(worker: str) -> str:
    """The innermost line of a worker's oldest request, from its live channel."""
    channel = Path(worker).with_name(f"live-{_pid(worker)}.sock")
    try:
        threads = ask(channel, {"ask": "stacks"}, 1.0)["threads"]
        busy = [each for each in threads if each["request"]]
        frame = max(busy, key=lambda each: each["request"]["age_ms"])["frames"][-1]
        return f"; it hangs in {frame['function']} ({frame['file']}:{frame['line']})"
    except (OSError, KeyError, IndexError, TypeError, ValueError):
        return ""


def _pid(worker: str) -> str:
    return Path(worker).stem.removeprefix("w-")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
