from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from knowctl.errors import ErrorCode, ExitCode, KnowctlError
from knowctl.model.results import Step
from knowctl.probes import bootstrap
from knowctl.probes.bootstrap import Hands
from knowctl.probes.virtual_environment import (
    CHOSEN,
    VirtualEnvironmentProbe,
    declared,
    reduced,
    unhashed,
)
from tests.support.environments import distribution
from tests.support.rooms import ROOT

LOCK = """\
# a lock
flask==3.1.0 \\
    --hash=sha256:aa \\
    --hash=sha256:bb
google-genai==1.0 ; sys_platform != 'win32' \\
    --hash=sha256:cc
pymysql==1.2 \\
    --hash=sha256:dd
"""
PROJECT = """\
[project]
dependencies = ["flask>=3"]
[project.optional-dependencies]
gemini = ["google-genai"]
mysql = ["pymysql>=1.1"]
[dependency-groups]
build = ["hatchling"]
"""


@dataclass
class Machine:
    """Tools that do what they would, or fail where that is wanted."""

    root: Path
    failing: str = ""
    ran: list[list[str]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def ask(self, _command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        there = (self.root / ".venv" / "pyvenv.cfg").exists()
        return subprocess.CompletedProcess([], 0 if there else 127, "3 12 1\n" if there else "")

    def run(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        self.ran.append(list(command))
        if self.failing and self.failing in command:
            return subprocess.CompletedProcess([], 1, "ERROR: no space left on device")
        if "venv" in command:
            (self.root / ".venv").mkdir(exist_ok=True)
            (self.root / ".venv" / "pyvenv.cfg").touch()
        if "--report" in command:
            installs = [{"metadata": {"name": name}} for name in ("Flask", "PyMySQL")]
            report = Path(command[command.index("--report") + 1])
            report.write_text(json.dumps({"install": installs}))
        return subprocess.CompletedProcess([], 0, "")

    def probe(self, *extras: str, prefix: Path = Path(sys.prefix)) -> VirtualEnvironmentProbe:
        hands = Hands(
            self.ask, self.run, len, self.said.append, version=(3, 12, 1), executable="python3"
        )
        venv = self.root / ".venv"
        return VirtualEnvironmentProbe(self.root, venv, extras, hands, prefix)

    def made(self, *extras: str) -> VirtualEnvironmentProbe:
        probe = self.probe(*extras)
        probe.make()
        return probe


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    (tmp_path / "requirements.lock").write_text(LOCK)
    return Machine(tmp_path)


def test_a_place_with_nothing_in_it_is_to_be_made(machine: Machine) -> None:
    target = machine.probe().target()
    assert target.steps == (
        Step("create", f"{machine.root}/.venv with Python 3.12.1: there is none"),
        Step("install", "requirements.lock"),
        Step("install", "the project"),
    )
    assert {target.there, target.ours, target.occupied, target.running} == {False}
    assert machine.ran == []
    (machine.root / ".venv").mkdir()
    assert not machine.probe().target().occupied


def test_what_was_made_is_ours_and_nothing_is_to_do(machine: Machine) -> None:
    target = machine.made().target()
    assert (target.there, target.ours, target.steps, target.packages) == (True, True, (), 0)
    assert [word for command in machine.ran for word in command if word in {"-r", "-e"}] == [
        "-r",
        "-e",
    ]


def test_what_is_there_is_told_from_what_would_be_made(machine: Machine) -> None:
    venv = machine.root / ".venv"
    venv.symlink_to(machine.root / "nowhere")
    assert machine.probe().target().occupied
    venv.unlink()
    venv.touch()
    assert machine.probe().target().occupied
    venv.unlink()
    (venv / "notes").mkdir(parents=True)
    assert machine.probe().target().occupied
    (venv / "pyvenv.cfg").touch()
    for name in ("pip", "Flask", "jinja2"):
        distribution(venv / "lib" / "python3.12" / "site-packages", name, "1")
    target = machine.probe(prefix=venv).target()
    assert (target.there, target.ours, target.occupied, target.running) == (
        True,
        False,
        False,
        True,
    )
    assert target.packages == 2
    assert [each.name for each in target.steps] == ["install", "install"]


def test_chosen_extras_are_what_pip_would_take_of_the_lock(machine: Machine) -> None:
    machine.made("mysql")
    planning, chosen, project = machine.ran[2:]
    assert {"--dry-run", "flask>=3", "pymysql>=1.1", "hatchling"} < set(planning)
    assert "google-genai" not in planning
    assert {"--require-hashes", "--no-deps"} < set(chosen)
    assert "-e" in project
    kept = (machine.root / ".venv" / CHOSEN).read_text()
    assert kept == reduced(LOCK, {"flask", "pymysql"})
    assert machine.said[1:] == [
        "installing a plan of what mysql takes",
        "installing requirements.lock for mysql",
        "installing the project",
    ]


def test_chosen_extras_are_made_once_and_again_when_the_choice_changes(machine: Machine) -> None:
    assert machine.made("mysql").target().steps == ()
    assert machine.probe("gemini").target().steps[0].detail == "requirements.lock for gemini"
    assert machine.probe().target().steps[0].detail == "requirements.lock"


def test_the_whole_lock_has_every_extra(machine: Machine) -> None:
    machine.made()
    assert machine.probe("mysql").target().steps == ()
    assert machine.probe("mysql", "gemini").target().steps == ()


def test_what_a_tool_says_is_the_cause(machine: Machine) -> None:
    machine.failing = "-e"
    with pytest.raises(KnowctlError) as refused:
        machine.made()
    failure = refused.value.failure
    assert failure.code is ErrorCode.ENVIRONMENT
    assert failure.message == "the project could not be installed"
    assert failure.cause == "ERROR: no space left on device"
    assert failure.hint.startswith("free some disk space")


def test_a_file_that_can_not_be_read_is_three_lines(machine: Machine) -> None:
    (machine.root / "requirements.lock").unlink()
    with pytest.raises(KnowctlError, match="could not be made"):
        machine.made()


def test_what_is_no_checkout_or_no_extra_is_refused(machine: Machine) -> None:
    with pytest.raises(KnowctlError, match="there is no lock") as refused:
        VirtualEnvironmentProbe(None, Path(".venv")).target()
    assert refused.value.failure.exit_code == ExitCode.REFUSED
    with pytest.raises(KnowctlError, match="there is no extra 'x'"):
        machine.probe("x").target()


def test_steps_are_said_to_whoever_wants_to_hear_them(machine: Machine) -> None:
    heard: list[str] = []
    machine.probe().saying(heard.append).make()
    assert heard[0].startswith("creating .venv")
    assert machine.said == []


def test_pins_are_taken_out_of_a_lock_with_or_without_their_hashes() -> None:
    assert unhashed(LOCK) == (
        "flask==3.1.0 \ngoogle-genai==1.0 ; sys_platform != 'win32' \npymysql==1.2 \n"
    )
    assert reduced(LOCK, {"flask"}) == (
        "flask==3.1.0 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n"
    )


def test_all_of_the_projects_own_lock_is_understood() -> None:
    text = (ROOT / bootstrap.LOCKS["production"]).read_text()
    names = {line.partition("==")[0] for line in unhashed(text).splitlines()}
    pins = "".join(f"{line}\n" for line in text.splitlines() if not line.startswith("#"))
    assert reduced(text, names) == pins
    assert {"flask", "pymysql", "hatchling"} <= names


def test_what_is_declared_is_read_with_the_extras_that_are_chosen() -> None:
    assert "pymysql>=1.1.1" in declared(ROOT, ("mysql",))
    assert not [each for each in declared(ROOT, ()) if each.startswith(("pymysql", "google"))]
    assert [each for each in declared(ROOT, ()) if each.startswith("hatchling")]
