"""Serving without a supervisor, as on Windows: one process, and the commands that find it."""

from __future__ import annotations

import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.processes import Running, free_port, knowctl, serving
from tests.support.waiting import wait_for

AS_ON_WINDOWS = """
import sys
from knowctl.cli import main
from knowctl.context import Context
Context.supervised = property(lambda self: False)
sys.exit(main(sys.argv[1:]))
"""
"""The command on a platform without a supervisor, as far as another platform can be that."""


@pytest.fixture
def environ() -> Iterator[dict[str, str]]:
    with tempfile.TemporaryDirectory(prefix="ka-") as directory:
        yield {"KNOWCTL_RUN_DIR": str(Path(directory) / "run"), "SERVER": "waitress"}


@pytest.fixture
def alone(tmp_path: Path, environ: dict[str, str]) -> Iterator[Running]:
    command = [sys.executable, "-c", AS_ON_WINDOWS, "serve"]
    with serving(command, cwd=tmp_path, port=free_port(), environ=environ) as running:
        yield running


def test_the_commands_find_a_server_that_nobody_supervises(
    alone: Running, environ: dict[str, str]
) -> None:
    def asked(*words: str) -> tuple[int, str]:
        here = {**environ, "PORT": str(alone.port)}
        answer = knowctl(*words, cwd=alone.log.parent, environ=here)
        return answer.returncode, " ".join((answer.stdout + answer.stderr).split())

    code, status = asked("status")
    assert code == 0
    assert f"waitress, generation 1, pid {alone.process.pid}" in status
    assert "silent" not in status
    assert asked("stacks")[0] == 0
    assert asked("drain")[0] == 0
    assert alone.request("GET", "/ready").status == 503
    assert asked("drain", "--off")[0] == 0
    assert alone.request("GET", "/ready").status == 200
    code, refusal = asked("reload")
    assert code == 4
    assert "a reload is a stop and a start" in refusal
    assert asked("stop")[0] == 0
    wait_for("it has ended", lambda: alone.process.poll() is not None, 20)
    assert alone.process.returncode == 0


def test_a_second_one_is_refused_and_a_signal_ends_the_first(
    alone: Running, environ: dict[str, str]
) -> None:
    here = {**environ, "PORT": str(free_port())}
    second = knowctl("serve", cwd=alone.log.parent, environ=here)
    assert second.returncode == 4
    assert alone.stop(signal.SIGINT) == 0
    assert knowctl("status", cwd=alone.log.parent, environ=here).returncode == 1
