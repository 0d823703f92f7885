from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.knowctl.conftest import Run

COMMANDS = (
    *(("status",), ("inflight",), ("stacks",), ("stacks", "--worker", "7"), ("pool", "stats")),
    *(("drain",), ("drain", "--off"), ("reload",), ("stop",), ("stop", "--timeout", "0")),
)
every_command = pytest.mark.parametrize("words", COMMANDS, ids=" ".join)


@pytest.fixture(autouse=True)
def _nobody_serves(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KNOWCTL_RUN_DIR", str(tmp_path / "run"))


@every_command
def test_where_no_server_runs_three_lines_say_so(
    run: Run, tmp_path: Path, words: tuple[str, ...]
) -> None:
    said = run(*words)
    assert (said.code, said.out) == (1, "")
    fact, *cause, hint = said.err.splitlines()
    assert fact == "✖ no server runs here"
    told = "".join(line.strip() for line in cause).replace(" ", "")
    assert told == f"nosupervisorlistensin{tmp_path / 'run'}"
    assert hint == "    → knowctl serve"


@every_command
def test_where_no_server_runs_a_program_is_told_by_a_code(run: Run, words: tuple[str, ...]) -> None:
    said = run(*words, "-o", "json")
    assert (said.code, said.err) == (1, "")
    assert json.loads(said.out)["error"]["code"] == "no_server"


@every_command
def test_an_instance_that_can_be_none_is_wrong_usage(run: Run, words: tuple[str, ...]) -> None:
    said = run(*words, "--instance", "../x")
    assert (said.code, said.out) == (2, "")
    assert "no instance can be called '../x'" in said.err


@every_command
def test_a_port_that_can_not_be_read_names_no_server(
    run: Run, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setenv("PORT", "x")
    said = run(*words)
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("✖ the configuration can't be used")
