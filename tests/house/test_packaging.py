"""The wheel is all that is needed: installed elsewhere, it runs, migrations included."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import Distribution
from pathlib import Path
from zipfile import ZipFile

import pytest

import knowctl
from tests.support.processes import clean_environment
from tests.support.rooms import PACKAGES, ROOT, SRC

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
EXPLANATIONS = "knowctl/checks.md"
WHERE = "import knowctl, knowalledge_api as api; print(knowctl.__file__, api.__file__, sep='\\n')"


@dataclass(frozen=True)
class Installed:
    """The wheel, installed in a directory of its own, and an empty one to work in."""

    target: Path
    cwd: Path

    def python(self, *arguments: str) -> str:
        """What it wrote to stdout; it must end well."""
        return run([sys.executable, *arguments], self.cwd, PYTHONPATH=str(self.target))

    def knowctl(self, *words: str) -> object:
        """The data of a command's answer."""
        answer = json.loads(self.python("-m", "knowctl", *words, "-o", "json"))
        assert answer["ok"] is True
        return answer["data"]


def run(command: Sequence[str | Path], cwd: Path, **environ: str) -> str:
    done = subprocess.run(
        command,
        cwd=cwd,
        env=clean_environment(**environ),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built without a network, by the backend that the locks pin."""
    directory = tmp_path_factory.mktemp("wheel")
    run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", directory], ROOT)
    (built,) = directory.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def target(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("target")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    run([*pip, "--no-deps", "--no-index", "--no-compile", "--target", directory, wheel], ROOT)
    return directory


@pytest.fixture
def installed(target: Path, tmp_path: Path) -> Installed:
    return Installed(target, tmp_path)


def test_the_wheel_holds_every_file_of_the_packages_and_nothing_else(wheel: Path) -> None:
    source = {
        path.relative_to(SRC).as_posix()
        for package in PACKAGES
        for path in (SRC / package).rglob("*")
        if path.is_file() and path.parent.name != "__pycache__"
    }
    names = {name for name in ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert names == source | {EXPLANATIONS}
    assert {f"{package}/py.typed" for package in PACKAGES} <= names


def test_the_wheel_carries_licence_version_and_command(target: Path) -> None:
    (home,) = target.glob("knowctl-*.dist-info")
    distribution = Distribution.at(home)
    commands = {entry.name: entry.value for entry in distribution.entry_points}
    assert distribution.version == knowctl.__version__
    assert (home / "licenses" / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()
    assert commands == {"knowctl": "knowctl.__main__:run"}


def test_it_runs_from_where_it_is_installed_and_not_from_the_checkout(
    installed: Installed,
) -> None:
    homes = [Path(line).parent for line in installed.python("-c", WHERE).splitlines()]
    assert homes == [installed.target / package for package in PACKAGES]


def test_it_says_its_version(installed: Installed) -> None:
    said = installed.python("-m", "knowctl", "--version")
    assert said == f"knowctl {knowctl.__version__}\n"


def test_it_explains_checks_from_the_page_that_it_carries(
    wheel: Path, installed: Installed
) -> None:
    page = ZipFile(wheel).read(EXPLANATIONS)
    assert page == (ROOT / "docs" / "checks.md").read_bytes()
    assert (installed.target / EXPLANATIONS).read_bytes() == page
    data = installed.knowctl("config", "explain", "KC302")
    assert isinstance(data, dict)
    assert data["check"]["title"] == "Replicas share a database server"


def test_the_source_distribution_holds_what_the_wheel_is_made_from() -> None:
    targets = PROJECT["tool"]["hatch"]["build"]["targets"]
    forced = {f"/{path}" for path in targets["wheel"]["force-include"]}
    assert forced <= set(targets["sdist"]["include"])


def test_an_empty_directory_becomes_a_database_that_is_up_to_date(installed: Installed) -> None:
    installed.knowctl("config", "init")
    installed.knowctl("config", "check")
    installed.knowctl("db", "init")
    state = installed.knowctl("db", "current")
    assert isinstance(state, dict)
    assert state["status"] == "ok"
    assert state["current"] == state["heads"] != []
    assert {path.name for path in installed.cwd.iterdir()} >= {".env", "knowalledge.db"}


def test_alembic_finds_the_migrations_in_the_checkout() -> None:
    location = PROJECT["tool"]["alembic"]["script_location"].replace("%(here)s", str(ROOT))
    assert (Path(location) / "env.py").is_file()
    assert list((Path(location) / "versions").glob("*.py"))
