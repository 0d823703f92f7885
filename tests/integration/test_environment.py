"""Environments that are really broken, each run by its own interpreter."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.processes import PIP, clean_environment

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="environments of links")

SITE = Path(sysconfig.get_path("purelib"))
BIN = Path(sys.executable).parent
DRIFTED = ("KC215",) if Path(sys.prefix).name == ".venv-lowest" else ()
"""What the lowest versions allowed are found to have: they are not those of the lock."""


@dataclass(frozen=True)
class Environment:
    """A virtual environment with the packages of this one, less those that were left out."""

    path: Path

    @property
    def site(self) -> Path:
        """Where its packages are."""
        [site] = self.path.glob("lib/python*/site-packages")
        return site

    def knowctl(
        self, *words: str, path: str = "", **environ: str
    ) -> subprocess.CompletedProcess[str]:
        """One command line, by its own interpreter."""
        return subprocess.run(
            [self.path / "bin" / "python", "-m", "knowctl", *words],
            cwd=self.path,
            env={**clean_environment(**environ), "PATH": path or os.environ["PATH"]},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def findings(self, *words: str, **environ: str) -> dict[str, list[dict[str, Any]]]:
        """What `env check` says, by id."""
        done = self.knowctl("env", "check", "-o", "json", *words, **environ)
        assert "Traceback" not in done.stderr
        found: dict[str, list[dict[str, Any]]] = {}
        for each in json.loads(done.stdout)["data"]["findings"]:
            found.setdefault(each["id"], []).append(each)
        return found

    def pretend(self, name: str, version: str) -> None:
        """Let a package say that it is of another version."""
        [home] = self.site.glob(f"{name}-*.dist-info")
        content = (home / "METADATA").read_text()
        number = home.name.removesuffix(".dist-info").rpartition("-")[2]
        home.unlink()
        home.mkdir()
        (home / "METADATA").write_text(content.replace(f"Version: {number}", f"Version: {version}"))


def environment(path: Path, without: Iterable[str] = ()) -> Environment:
    """A real one, made of links to what is installed here."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", path], check=True)
    made = Environment(path)
    left_out = tuple(without)
    for each in SITE.iterdir():
        if not each.name.lower().startswith(left_out) or not left_out:
            (made.site / each.name).symlink_to(each)
    script = (BIN / "knowctl").read_text().partition("\n")[2]
    (path / "bin" / "knowctl").write_text(f"#!{path}/bin/python\n{script}")
    (path / "bin" / "knowctl").chmod(0o755)
    return made


def drift(found: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """Where the lock has another version of each package that drifted from it."""
    drifted = [each for each in found["KC215"] if each["outcome"] == "fail"]
    return {each["cause"].split()[3]: each["where"] for each in drifted}


def test_one_that_is_whole_has_no_error(tmp_path: Path) -> None:
    made = environment(tmp_path / "env")
    done = made.knowctl("env", "check", path=str(made.path / "bin"))
    assert done.returncode == 0, done.stdout
    found = made.findings(path=str(made.path / "bin"), VIRTUAL_ENV=str(made.path))
    wrong = {name for name, each in found.items() if each[0]["outcome"] in {"fail", "unknown"}}
    assert wrong <= {"KC520", "KC521", "KC523", *DRIFTED}  # of the machine that tests


def test_a_package_that_is_missing_is_named_with_the_line_that_installs_it(tmp_path: Path) -> None:
    made = environment(tmp_path / "env", without=("flask",))
    [missing] = made.findings()["KC210"]
    assert missing["cause"] == "knowctl needs flask>=3.1.1, which is not installed"
    assert missing["hint"] == f"{made.path}/bin/python -m pip install 'flask>=3.1.1'"
    done = made.knowctl("routes", "list")
    assert done.returncode == 1
    assert done.stderr.splitlines()[0] == "✖ the environment is not complete"
    assert done.stderr.splitlines()[-1].strip() == "→ knowctl env check"


def test_wrong_versions_conflicts_and_drift_are_told_apart(tmp_path: Path) -> None:
    made = environment(tmp_path / "env", without=("itsdangerous",))
    before = drift(made.findings())
    made.pretend("typer", "0.31.0")
    made.pretend("werkzeug", "1.0")
    found = made.findings()
    assert [each["outcome"] for each in found["KC210"]] == ["pass"]
    [wrong] = found["KC211"]
    assert wrong["cause"].endswith("and 0.31.0 is installed")
    conflicts = {each["cause"].partition(" needs ")[2] for each in found["KC213"]}
    assert {each.partition(">=")[0] for each in conflicts} == {"itsdangerous", "werkzeug"}
    drifted = drift(found)
    assert set(drifted) == {*before, "typer", "werkzeug"}
    lock = Path(drifted["typer"]["file"]).read_text().splitlines()
    assert lock[drifted["typer"]["line"] - 1].startswith("typer==")


@pytest.mark.parametrize(
    ("extra", "package", "environ"),
    [
        ("mysql", "pymysql", {"DATABASE_URL": "mysql://u:p@h/n"}),
        ("gemini", "google_genai", {"GOOGLE_API_KEY": "x"}),
    ],
)
def test_an_extra_is_missed_where_a_setting_or_somebody_asks_for_it(
    tmp_path: Path, extra: str, package: str, environ: dict[str, str]
) -> None:
    made = environment(tmp_path / "env", without=(package,))
    assert made.findings()["KC212"][0]["outcome"] == "pass"
    for found in (made.findings(**environ), made.findings("--extra", extra)):
        [lacking] = found["KC212"]
        assert lacking["outcome"] == "fail"
        assert f"asks for the extra {extra}: {package.replace('_', '-')}>=" in lacking["cause"]


def test_what_was_interrupted_is_seen(tmp_path: Path) -> None:
    made = environment(tmp_path / "env")
    [home] = made.site.glob("flask-*.dist-info")
    shutil.copytree(home, made.site / "~lask-3.0.dist-info")
    [broken] = made.findings()["KC214"]
    assert broken["hint"] == f"rm -r {made.site}/~lask-3.0.dist-info"


def test_one_that_was_moved_is_known_by_its_commands(tmp_path: Path) -> None:
    environment(tmp_path / "env").path.rename(tmp_path / "moved")
    made = Environment(tmp_path / "moved")
    [moved] = made.findings()["KC205"]
    assert moved["cause"].startswith(f"{made.path}/bin/knowctl starts {tmp_path}/env/bin/python")


def test_one_that_is_not_activated_or_not_on_path_is_told_from_this(tmp_path: Path) -> None:
    made = environment(tmp_path / "env")
    found = made.findings(path=str(BIN), VIRTUAL_ENV=str(BIN.parent))
    assert found["KC204"][0]["cause"] == f"{BIN.parent} is activated, and {made.path} runs"
    assert f"a shell finds {BIN}/knowctl" in found["KC206"][0]["cause"]


@pytest.mark.parametrize(("package", "module"), [("typer", "typer"), ("python_dotenv", "dotenv")])
def test_without_what_every_command_needs_the_line_to_type_is_told(
    tmp_path: Path, package: str, module: str
) -> None:
    made = environment(tmp_path / "env", without=(package, module))
    (made.path / ".env").write_text("PORT=5000\n")
    done = made.knowctl("env", "check", "-o", "json")
    assert (done.returncode, done.stderr) == (1, "")
    error = json.loads(done.stdout)["error"]
    assert error["code"] == "environment"
    assert error["hint"] == f"{made.path}/bin/python -m pip install {package.replace('_', '-')}"


def test_without_what_reads_requirements_the_rest_is_judged(tmp_path: Path) -> None:
    made = environment(tmp_path / "env", without=("packaging",))
    found = {name: each[0]["outcome"] for name, each in made.findings().items()}
    assert {name for name, outcome in found.items() if outcome == "unknown"} == {
        *("KC202", "KC210", "KC211", "KC212", "KC213", "KC215"),
    }
    assert found["KC201"] == found["KC205"] == "pass"


@pytest.mark.parametrize("package", ["flask", "sqlalchemy"])
def test_the_doctor_says_what_is_missing_and_to_blame_and_judges_the_rest(
    tmp_path: Path, package: str
) -> None:
    made = environment(tmp_path / "env", without=(package,))
    for words in ((), ("--live",)):
        done = made.knowctl("doctor", "-o", "json", "--bundle", f"b{len(words)}.tar.gz", *words)
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        found = {each["id"]: each for each in json.loads(done.stdout)["data"]["findings"]}
        assert found["KC210"]["outcome"] == "fail"
        assert found["KC601"]["cause"] == "needs KC210"
        assert found["KC101"]["outcome"] == found["KC524"]["outcome"] == "pass"
        assert (made.path / f"b{len(words)}.tar.gz").exists()
    asked = found["KC310"]["outcome"]
    assert asked == ("skipped" if package == "sqlalchemy" else "pass")


@pytest.mark.timeout(300)
def test_one_is_made_of_the_lock_for_a_chosen_extra_and_is_whole(tmp_path: Path) -> None:
    """The only test that installs from an index, as the start scripts do."""
    words = ("env", "create", "--path", str(tmp_path / "env"), "--extra", "mysql")
    kept = {name: os.environ[name] for name in PIP}
    command = [sys.executable, "-m", "knowctl", *words]

    def create(*more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*command, *more],
            cwd=tmp_path,
            env=clean_environment(**kept),
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
        )

    done = create()
    assert done.returncode == 0, done.stderr
    made = Environment(tmp_path / "env")
    found = made.findings("--extra", "mysql")
    exact = [name for name in found if name.startswith("KC2") and name != "KC206"]
    assert {name: found[name][0]["outcome"] for name in exact} == dict.fromkeys(exact, "pass")
    assert made.findings("--extra", "gemini")["KC212"][0]["outcome"] == "fail"
    assert made.knowctl("routes", "check").returncode == 0

    stamp = (made.path / "knowctl.stamp").stat().st_mtime_ns
    again = create("-o", "json")
    assert json.loads(again.stdout)["data"]["steps"] == []
    assert (made.path / "knowctl.stamp").stat().st_mtime_ns == stamp
    refused = made.knowctl("env", "create", "--path", str(made.path.parent), "--yes")
    assert refused.returncode == 4
