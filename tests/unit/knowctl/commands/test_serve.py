from __future__ import annotations

import json
import os
import socket
import sys
from pathlib import Path

import pytest

from knowctl.supervisor.hand_over import receive
from tests.unit.knowctl.conftest import Run


def test_a_dry_run_says_what_would_run_and_changes_nothing(run: Run) -> None:
    said = run("serve", "--dry-run", "--workers", "2", "--threads", "3", "--bind", "[::1]:8000")
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines()[2:] == [
        "→ bind      http://[::1]:8000",
        "→ run       gunicorn, 2 workers x 3 threads",
    ]
    assert not list(Path().iterdir())


def test_options_are_the_servers_settings(run: Run) -> None:
    said = run(
        *("serve", "--dry-run", "-o", "json", "--server", "waitress", "--threads", "7"),
        *("--wait-for-db", "2", "--no-migrate", "--skip-checks", "--bind", "unix:/run/x.sock"),
    )
    details = [step["detail"] for step in json.loads(said.out)["data"]["steps"]]
    assert details == [
        "skipped",
        "wait up to 2 s, refuse if behind",
        "unix:/run/x.sock",
        "waitress, 1 worker x 7 threads",
    ]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--bind", "nonsense"), 2),
        (("--bind", "[::1]"), 2),
        (("--bind", "127.0.0.1:99999"), 1),
        (("--workers", "0"), 2),
        (("--workers", "999"), 1),
        (("--wait-for-db", "-1"), 2),
        (("--server", "apache"), 2),
    ],
)
def test_what_can_not_be_served_is_three_lines(run: Run, words: tuple[str, ...], code: int) -> None:
    said = run("serve", "--dry-run", *words)
    assert (said.code, said.out) == (code, "")
    assert said.err.startswith("✖ ")
    assert "→ " in said.err


def test_an_error_in_the_configuration_stops_it_before_anything_is_touched(run: Run) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        said = run("serve", "--bind", "0.0.0.0:0", "--hand-over", f"{theirs.fileno()}:bind:first")
        prepared = receive(ours)
    assert said.code == 1
    assert "✖ KC103 " in said.err
    assert said.out == ""
    assert not Path("knowalledge.db").exists()
    assert prepared is not None
    assert prepared.cause.startswith("the configuration does not hold: KC103: PORT: '0' is not")


def test_a_preparation_hands_over_what_it_prepared(run: Run) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        said = run("serve", "--workers", "3", "--hand-over", f"{theirs.fileno()}:bound:again")
        prepared = receive(ours)
    assert (said.code, said.out) == (0, "")
    assert prepared is not None
    assert prepared.order is not None
    assert (prepared.order.workers, prepared.descriptors) == (3, ())
    assert prepared.order.environ == {"GUNICORN_WORKERS": "3"}


@pytest.mark.skipif(sys.platform == "win32", reason="there is no supervisor on Windows")
def test_the_command_becomes_its_own_supervisor(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    became: list[list[str]] = []

    def execv(_program: str, words: list[str]) -> None:
        became.append(words)
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "execv", execv)
    monkeypatch.setattr(sys, "argv", ["knowctl", "-q", "serve"])
    assert run("serve").code == 130
    assert became == [[sys.executable, "-P", "-m", "knowctl.supervisor", "-q", "serve"]]


@pytest.mark.parametrize("words", [("--environment", "production"), ("--bind", "0.0.0.0:5000")])
def test_the_debugger_is_for_developers_on_loopback_alone(
    run: Run, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setenv("SECRET_KEY", "5f0c7b2e9d4a8c1b6e3f0a7d2c9b4e8f1a6d3c0b7e2f9a4d")
    said = run("serve", "--dev", "--skip-checks", "--migrate", *words)
    assert said.code == 4
    assert "its debugger runs any code" in said.err
