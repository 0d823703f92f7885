"""Serving without a supervisor, as on Windows: one process, and the commands that find it."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.support.processes import Running, clean_environment, free_port, serving
from tests.support.waiting import wait_for
from tests.support.windows import KNOWCTL, ROOT

COMMAND = [sys.executable, "-c", KNOWCTL] if sys.platform != "win32" else ["knowctl"]


@pytest.fixture
def environ() -> Iterator[dict[str, str]]:
    with tempfile.TemporaryDirectory(prefix="ka-") as directory:
        yield {"KNOWCTL_RUN_DIR": str(Path(directory) / "run"), "PYTHONPATH": str(ROOT)}


@pytest.fixture
def alone(tmp_path: Path, environ: dict[str, str]) -> Iterator[Running]:
    port = free_port()
    with serving([*COMMAND, "serve"], cwd=tmp_path, port=port, environ=environ) as running:
        environ["PORT"] = str(port)
        yield running


def asked(environ: dict[str, str], directory: Path, *words: str) -> tuple[int, str]:
    """The exit code of a command as on Windows, and all that it says."""
    done = subprocess.run(
        [*COMMAND, *words],
        cwd=directory,
        env=clean_environment(**environ),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, " ".join((done.stdout + done.stderr).split())


def note(environ: dict[str, str]) -> dict[str, Any]:
    """Where the control channel is, and its token."""
    path = Path(environ["KNOWCTL_RUN_DIR"]) / "control.json"
    if sys.platform != "win32":
        assert path.stat().st_mode & 0o777 == 0o600
    told: dict[str, Any] = json.loads(path.read_text())
    return told


def said(port: int, question: bytes) -> bytes:
    """All that the channel says to these bytes."""
    with closing(socket.create_connection(("127.0.0.1", port), 10)) as plug:
        plug.sendall(question)
        return b"".join(iter(lambda: plug.recv(4096), b""))


def test_the_commands_find_a_server_that_nobody_supervises(
    alone: Running, environ: dict[str, str], tmp_path: Path
) -> None:
    def told(*words: str) -> str:
        code, words_said = asked(environ, tmp_path, *words)
        assert code == 0, words_said
        return words_said

    status = told("status")
    assert f"waitress, generation 1, pid {alone.process.pid}" in status
    assert "silent" not in status
    assert f"worker {alone.process.pid}" in told("stacks")
    assert "nothing is in flight" in told("inflight")
    assert "1 worker" in told("cache", "clear")
    told("pool", "stats")
    told("drain")
    assert alone.request("GET", "/ready").status == 503
    told("drain", "--off")
    assert alone.request("GET", "/ready").status == 200
    assert "server ok" in told("health")
    code, refusal = asked(environ, tmp_path, "reload")
    assert code == 4
    assert "a reload is a stop and a start" in refusal
    told("stop")
    wait_for("it has ended", lambda: alone.process.poll() is not None, 20)
    assert alone.process.returncode == 0
    assert not list(Path(environ["KNOWCTL_RUN_DIR"]).rglob("*.json"))


def test_a_second_one_is_refused_and_a_signal_ends_the_first(
    alone: Running, environ: dict[str, str], tmp_path: Path
) -> None:
    second = {**environ, "PORT": str(free_port())}
    assert asked(second, tmp_path, "serve")[0] == 4
    assert alone.stop(signal.SIGINT) == 0
    assert asked(environ, tmp_path, "status")[0] == 1


def test_one_that_was_killed_is_not_taken_for_one_that_serves(
    alone: Running, environ: dict[str, str], tmp_path: Path
) -> None:
    alone.process.kill()
    alone.process.wait(10)
    code, words = asked(environ, tmp_path, "status")
    assert code == 1
    assert words.startswith("✖ no server runs here")
    with serving([*COMMAND, "serve"], cwd=tmp_path, port=alone.port, environ=environ) as again:
        assert f"pid {again.process.pid}" in asked(environ, tmp_path, "status")[1]


@pytest.mark.usefixtures("alone")
def test_the_channel_answers_whoever_can_read_its_token_and_nobody_else(
    environ: dict[str, str],
) -> None:
    port, token = note(environ)["port"], note(environ)["token"]
    assert len(token) == 64
    refused = b'{"error": "the token is missing or wrong"}\n'
    wrong = [{}, {"token": ""}, {"token": token[:-1]}, {"token": token + "0"}, {"token": None}]
    for each in wrong:
        assert said(port, json.dumps({"do": "stop", **each}).encode() + b"\n") == refused
    right = json.dumps({"do": "status", "token": token}).encode()
    assert json.loads(said(port, right + b"\n"))["ok"] is True


@pytest.mark.usefixtures("alone")
def test_a_question_without_end_and_one_that_never_comes_hold_nothing_up(
    environ: dict[str, str],
) -> None:
    port, token = note(environ)["port"], note(environ)["token"]
    with closing(socket.create_connection(("127.0.0.1", port), 10)) as silent:
        assert b"ask with one line of JSON" in said(port, b"x" * 5000)
        question = json.dumps({"do": "status", "token": token}).encode() + b"\n"
        assert json.loads(said(port, question))["ok"] is True
        assert silent.recv(1) == b""  # hung up on after a second


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="reads Linux's table of sockets")
@pytest.mark.usefixtures("alone")
def test_the_channel_listens_on_the_loopback_alone(environ: dict[str, str]) -> None:
    port = f"{note(environ)['port']:04X}"
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    listening = [each[1] for each in lines if each[1].endswith(f":{port}") and each[3] == "0A"]
    assert listening == [f"0100007F:{port}"]
