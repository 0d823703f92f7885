"""As many requests as a server can answer: by wrk where it is installed, else by Python."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from tests.support.keepalive import crowded


@dataclass(frozen=True, slots=True)
class Pressure:
    """What came of it: answers with 200 a second, and how many were anything else."""

    rate: float
    errors: int
    client: str


def press(port: int, path: str, connections: int, seconds: float) -> Pressure:
    """Ask on so many connections, each again as soon as it has its answer."""
    if shutil.which("wrk"):
        return _wrk(port, path, connections, seconds)
    return _python(port, path, connections, seconds)


POSTING: Final = """
local tokens = {%s}
local turn = 0
local head = {["Content-Type"] = "application/json"}
request = function()
  if #tokens > 0 then
    turn = turn %% #tokens + 1
    head["Authorization"] = "Bearer " .. tokens[turn]
  end
  return wrk.format("POST", nil, head, %s)
end
"""


def press_posting(  # noqa: PLR0913, PLR0917 -- what is sent, to whom and for how long
    port: int, path: str, body: str, tokens: Sequence[str], connections: int, seconds: float
) -> Pressure:
    """Send a JSON body again and again, by wrk; with each of the tokens in turn, if any."""
    if not shutil.which("wrk"):
        raise SystemExit("this benchmark needs wrk (https://github.com/wg/wrk)")
    script = POSTING % (", ".join(map(json.dumps, tokens)), json.dumps(body))
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script)
        file.flush()
        return _wrk(port, path, connections, seconds, "--script", file.name)


def _wrk(port: int, path: str, connections: int, seconds: float, *more: str) -> Pressure:
    url = f"http://127.0.0.1:{port}{path}"
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds:g}s", "--timeout", "10s", *more, url]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rate = re.search(r"^Requests/sec:\s+([\d.]+)", said, re.MULTILINE)
    if rate is None:
        raise SystemExit(f"wrk says no rate:\n{said}")
    wrong = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    lost = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", said)
    counts = [*(wrong.groups() if wrong else ()), *(lost.groups() if lost else ())]
    return Pressure(float(rate[1]), sum(map(int, counts)), "wrk")


def _python(port: int, path: str, connections: int, seconds: float) -> Pressure:
    with crowded(port, connections, path, pause=(0.0, 0.0)) as crowd:
        began = time.monotonic()
        time.sleep(seconds)
        answers = [each for each in crowd.asked if each.status == HTTPStatus.OK]
        took = time.monotonic() - began
    return Pressure(len(answers) / took, len(crowd.failures()), "Python")
