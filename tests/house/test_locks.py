from __future__ import annotations

import ast
import re
import tomllib
from importlib.metadata import requires
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from knowctl.probes import bootstrap

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
LOCKS = [ROOT / name for name in bootstrap.LOCKS.values()]
PRODUCTION, DEVELOPMENT = LOCKS
LOWEST = ROOT / "requirements-lowest.lock"
PIN = re.compile(r"^(?P<name>[\w.-]+)==(?P<version>\S+)(?P<rest>(?:.*\\\n)*.*)$", re.MULTILINE)

WINDOWS = {
    "implementation_name": "cpython",
    "os_name": "nt",
    "platform_machine": "AMD64",
    "platform_python_implementation": "CPython",
    "platform_system": "Windows",
    "sys_platform": "win32",
}

ONLY_THERE = {"colorama"}
"""What is locked for Windows alone."""


def pins(lock: Path) -> dict[str, tuple[str, str]]:
    """Each package's version, and what follows it: its marker and its hashes."""
    text = lock.read_text(encoding="utf-8")
    return {found["name"]: (found["version"], found["rest"]) for found in PIN.finditer(text)}


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def declared(*groups: str) -> Iterator[Requirement]:
    """What the project, all its extras and these groups ask for."""
    table = project()
    asked = [*table["project"]["dependencies"]]
    asked += [one for extra in table["project"]["optional-dependencies"].values() for one in extra]
    asked += [one for group in groups for one in table["dependency-groups"][group]]
    return map(Requirement, asked)


CASES = [(PRODUCTION, one) for one in declared("build")]
CASES += [(DEVELOPMENT, one) for one in declared("build", "dev")]


@pytest.mark.parametrize(("lock", "asked"), CASES, ids=lambda value: getattr(value, "name", value))
def test_every_declared_dependency_is_locked_at_an_allowed_version(
    lock: Path, asked: Requirement
) -> None:
    version, _ = pins(lock)[canonicalize_name(asked.name)]
    assert asked.specifier.contains(version)


def test_every_production_pin_stands_in_the_development_lock() -> None:
    development = pins(DEVELOPMENT)
    assert pins(PRODUCTION) == {name: development.get(name) for name in pins(PRODUCTION)}


@pytest.mark.parametrize("asked", list(declared("build")), ids=lambda asked: asked.name)
def test_the_lowest_lock_pins_the_lowest_version_that_is_allowed(asked: Requirement) -> None:
    version, _ = pins(LOWEST)[canonicalize_name(asked.name)]
    bounds = [each.version for each in asked.specifier if each.operator == ">="]
    assert [Version(version)] == [Version(bound) for bound in bounds]


def test_the_lowest_versions_are_tested_with_the_tools_of_the_development_lock() -> None:
    tools = pins(DEVELOPMENT).keys() - pins(PRODUCTION).keys()
    assert tools
    assert {name: pins(LOWEST).get(name) for name in tools} == {
        name: pins(DEVELOPMENT)[name] for name in tools
    }


@pytest.mark.parametrize("lock", [*LOCKS, LOWEST], ids=lambda lock: lock.name)
def test_every_pin_has_a_hash(lock: Path) -> None:
    assert pins(lock)
    assert [name for name, (_, rest) in pins(lock).items() if "--hash=sha256:" not in rest] == []


@pytest.mark.parametrize("lock", [*LOCKS, LOWEST], ids=lambda lock: lock.name)
def test_a_lock_holds_pins_hashes_and_comments_only(lock: Path) -> None:
    text = PIN.sub("", lock.read_text(encoding="utf-8"))
    assert [line for line in text.splitlines() if line and not line.startswith("#")] == []
    assert not re.search(r"://|index|@|/home|/tmp", lock.read_text(encoding="utf-8"))


def on_windows(python: str) -> dict[str, str]:
    """What markers are judged by there."""
    return {**WINDOWS, "python_version": python, "python_full_version": f"{python}.9"}


def pinned_there(lock: Path, environment: dict[str, str]) -> dict[str, str]:
    """The versions that the lock has for that platform."""
    found = {}
    for name, (version, rest) in pins(lock).items():
        marker = rest.partition(";")[2].partition("\\")[0].strip() if ";" in rest else ""
        if not marker or Marker(marker).evaluate(environment):
            found[name] = version
    return found


def needed_there(asked: list[Requirement], environment: dict[str, str]) -> set[Requirement]:
    """What these ask for on that platform, and what that asks for, as far as it is installed here.

    What Windows alone needs is not: it is of the lock, and has nothing below it.
    """
    needed: set[Requirement] = set()
    while asked:
        one = asked.pop()
        if one in needed or not _wanted(one, environment):
            continue
        needed.add(one)
        if canonicalize_name(one.name) in ONLY_THERE:
            continue
        extras = {"", *one.extras}
        for below in map(Requirement, requires(one.name) or []):
            if any(_wanted(below, {**environment, "extra": extra}) for extra in extras):
                below.marker = None
                asked.append(below)
    return needed


def _wanted(asked: Requirement, environment: dict[str, str]) -> bool:
    return asked.marker is None or asked.marker.evaluate(environment)


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_all_that_windows_needs_is_locked_for_it(python: str) -> None:
    environment = on_windows(python)
    locked = pinned_there(PRODUCTION, environment)
    needed = needed_there(list(declared()), environment)
    assert "waitress" in {one.name for one in needed}
    for one in needed:
        version = locked.get(canonicalize_name(one.name))
        assert version is not None, f"{one} is not locked for Windows"
        assert one.specifier.contains(version, prereleases=True), f"{one}: {version} is locked"
    assert locked.keys() >= ONLY_THERE
    assert not locked.keys() & {"gunicorn", "uvloop"}


def test_the_bootstrap_asks_for_the_python_that_the_project_declares() -> None:
    minimum = ".".join(map(str, bootstrap.MINIMUM))
    assert project()["project"]["requires-python"] == f">={minimum}"
    for script in ("start_production.sh", "start_production.ps1", "run_tests.sh"):
        asked = re.findall(r"Python (3\.\d+) or newer", (ROOT / script).read_text("utf-8"))
        assert set(asked) == {minimum}, script


def test_the_bootstrap_takes_the_pythons_that_the_project_and_readme_name() -> None:
    (_, oldest), (_, newest) = bootstrap.MINIMUM, bootstrap.NEWEST
    prefix = "Programming Language :: Python :: 3."
    named = [each for each in project()["project"]["classifiers"] if each.startswith(prefix)]
    assert named == [f"{prefix}{minor}" for minor in range(oldest, newest + 1)]
    for page in ("README.md", "CONTRIBUTING.md"):
        text = (ROOT / page).read_text("utf-8")
        assert f"3.{oldest} to 3.{newest}" in text, page


def test_the_bootstrap_parses_on_python_3_7() -> None:
    source = Path(bootstrap.__file__).read_text(encoding="utf-8")
    assert ast.parse(source, feature_version=(3, 7)).body
