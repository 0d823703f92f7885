"""Environments for tests: facts without a fault, and directories with packages in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from knowctl.checks.catalog import ENVIRONMENT
from knowctl.checks.engine import run
from knowctl.checks.environment import RELEASED
from knowctl.model.environment import (
    EnvironmentFacts,
    InstalledSelf,
    Interpreter,
    Lock,
    Packages,
)
from knowctl.model.findings import Finding

PYTHON = "/srv/.venv/bin/python"
INTERPRETER = Interpreter("3.12.1", PYTHON, "/srv/.venv", isolated=True, wanted=">=3.11", fits=True)
OWN = InstalledSelf("1.0", "1.0", "/srv/src/knowctl")
PACKAGES = Packages(OWN, lock=Lock("/srv/requirements.lock", ()))
COMMAND = "/srv/.venv/bin/knowctl"


def environment_facts(**changed: Any) -> EnvironmentFacts:
    """An environment without a fault, but for what is changed."""
    given: dict[str, Any] = {"interpreter": INTERPRETER, "packages": PACKAGES, "now": RELEASED + 1}
    there = {"command": COMMAND, "own_command": COMMAND, "checkout": "/srv"}
    return EnvironmentFacts(**{**given, **there, **changed})


def judged(facts: EnvironmentFacts, name: str) -> tuple[Finding, ...]:
    """The findings of one check."""
    return tuple(each for each in run(ENVIRONMENT, facts) if each.id == name)


def distribution(
    site: Path, name: str, version: str, *requires: str, extras: tuple[str, ...] = ()
) -> Path:
    """The metadata of an installed distribution, as pip leaves them; the directory of them."""
    home = site / f"{name.replace('-', '_')}-{version}.dist-info"
    home.mkdir(parents=True)
    head = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    lines = [*head, *(f"Provides-Extra: {each}" for each in extras)]
    lines += [f"Requires-Dist: {each}" for each in requires]
    (home / "METADATA").write_text("\n".join(lines) + "\n")
    return home
