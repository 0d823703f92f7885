"""The import contracts hold, and each of them bites when it is broken."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.support.processes import clean_environment
from tests.support.rooms import ROOT

LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")

KNOWCTL, API = "The floors of knowctl", "The floors of knowalledge_api"
REACH = "Only probes, supervisor and context reach into the API"
VOICES = "Only cli, commands, shell and render speak to a person"
PURE = "Checks and the model touch nothing"

BREACHES = [
    ("knowctl/attic.py", '"""A room without a floor."""', KNOWCTL),
    ("knowctl/errors.py", "from knowctl import model", KNOWCTL),
    ("knowctl/checks/engine.py", "from knowctl.services import database", KNOWCTL),
    ("knowctl/services/health.py", "from knowctl.render import text", KNOWCTL),
    ("knowalledge_api/attic.py", '"""A room without a floor."""', API),
    ("knowalledge_api/errors.py", "from knowalledge_api import settings", API),
    ("knowalledge_api/cache/memory.py", "from knowalledge_api import app", API),
    ("knowalledge_api/cache/memory.py", "import knowctl", "The API does not know its operator"),
    ("knowctl/services/health.py", "import knowalledge_api.settings", REACH),
    ("knowctl/services/health.py", "import typer", VOICES),
    ("knowctl/probes/server.py", "import rich", VOICES),
    ("knowctl/checks/engine.py", "import os", PURE),
    ("knowctl/model.py", "import time", PURE),
    ("knowctl/checks/engine.py", "import sqlalchemy", PURE),
    (
        "knowalledge_api/services/topics.py",
        "import flask",
        "What serves without Flask knows no Flask",
    ),
    (
        "knowctl/commands/db.py",
        "from knowctl.commands import health",
        "Commands are independent of each other",
    ),
]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the code and its contracts."""
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def contracts() -> list[str]:
    configuration = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    return [each["name"] for each in configuration["tool"]["importlinter"]["contracts"]]


def lint(checkout: Path) -> tuple[int, list[str]]:
    """The exit code, and the contracts that are broken; a contract that can't be read is none."""
    done = subprocess.run(
        [LINT_IMPORTS, "--no-cache"],
        cwd=checkout,
        env=clean_environment(PYTHONPATH="src", COLUMNS="200"),
        capture_output=True,
        text=True,
        check=False,
    )
    lines = done.stdout.splitlines()
    judged = [line for line in lines if line.endswith((" KEPT", " BROKEN"))]
    assert [line.rpartition(" ")[0] for line in judged] == contracts(), done.stdout
    return done.returncode, [line[: -len(" BROKEN")] for line in judged if line.endswith("BROKEN")]


def test_the_code_keeps_every_contract(checkout: Path) -> None:
    assert lint(checkout) == (0, [])


def test_every_contract_is_among_the_breaches_tried_here() -> None:
    assert {contract for _, _, contract in BREACHES} == set(contracts())


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    BREACHES,
    ids=[f"{line} in {name}" for name, line, _ in BREACHES],
)
def test_a_breach_breaks_its_contract(
    checkout: Path, module: str, line: str, contract: str
) -> None:
    with (checkout / "src" / module).open("a", encoding="utf-8") as file:
        file.write(f"\n{line}\n")
    code, broken = lint(checkout)
    assert code == 1
    assert contract in broken
