"""`config check` as CI and the image run it: places in every format, and the shipped workflow."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET

import pytest
import yaml  # type: ignore[import-untyped]  # schemathesis brings it, nobody its types

from tests.support.processes import checkout_copy, clean_environment, knowctl
from tests.support.schemas import faults_of_junit, faults_of_sarif, faults_of_workflow
from tests.support.workflow_commands import commands

ROOT: Final = Path(__file__).parents[2]
WORKFLOW: Final = ROOT / "deploy" / "github" / "config-check.yml"
CHECKING: Final = (("config", "check"), ("db", "check"), ("routes", "check"))
FAULT: Final = "# a comment\n\nPORT=70000\n"
ELEVEN: Final = {
    "DATABASE_URL": "postgresql://app:a-password@db:5432/knowalledge",
    "REDIS_URL": "redis://redis:6379/0",
    "CORS_ORIGINS": "https://app.school.org",
    "CORS_ENABLED": "true",
    "PORT": "5000",
    "GUNICORN_WORKERS": "4",
    "GUNICORN_TIMEOUT": "120",
    "LOG_LEVEL": "info",
    "SECRET_KEY": "8f14e45fceea167a5a36dedd4bea2543c9f0f895fb98ab91",
    "FORCE_HTTPS": "true",
    "GOOGLE_API_KEY": "no-key-of-googles-5f2c81e09b7d",
}
"""What `docker run --env-file` was given before there was knowctl."""


@pytest.mark.parametrize("words", CHECKING, ids=" ".join)
def test_every_checking_command_fits_the_published_schemas(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    said = {
        form: knowctl(*words, "-o", form, cwd=tmp_path).stdout
        for form in ("sarif", "junit", "github")
    }
    document = json.loads(said["sarif"])
    assert faults_of_sarif(document) == []
    assert document["runs"][0]["results"]
    assert faults_of_junit(said["junit"]) == []
    assert "<testcase" in said["junit"]
    failed = [each for each in document["runs"][0]["results"] if each["level"] != "none"]
    assert len(commands(said["github"].strip())) >= len(failed)


@pytest.mark.parametrize(
    ("name", "uri"),
    [
        (".env", ".env"),
        ("deploy/staging.env", "deploy/staging.env"),
        ("a b é.env", "a%20b%20%C3%A9.env"),
        ("{absolute}/c:d.env", "file://{absolute}/c:d.env"),
    ],
)
def test_each_format_names_the_line_of_the_fault(tmp_path: Path, name: str, uri: str) -> None:
    name, uri = (each.format(absolute=tmp_path) for each in (name, uri))
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(FAULT)
    (tmp_path / name).chmod(0o600)
    said = {
        form: knowctl("config", "check", "--env-file", name, "-o", form, cwd=tmp_path).stdout
        for form in ("sarif", "junit", "github")
    }
    document = json.loads(said["sarif"])
    assert faults_of_sarif(document) == []
    (result,) = [each for each in document["runs"][0]["results"] if each["kind"] == "fail"]
    place = result["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": uri}, "region": {"startLine": 3}}
    (command,) = commands(said["github"].strip())
    assert (command.properties["file"], command.properties["line"]) == (name, "3")
    (failure,) = ET.fromstring(said["junit"]).iter("failure")  # noqa: S314 -- our own words
    assert f"{name}:3" in str(failure.text)


def test_the_file_of_eleven_variables_has_warnings_at_most(tmp_path: Path) -> None:
    (tmp_path / "old.env").write_text("".join(f"{name}={text}\n" for name, text in ELEVEN.items()))
    (tmp_path / "old.env").chmod(0o600)
    image = {"APP_ENV": "production", "HOST": "0.0.0.0"}
    words = ("config", "check", "--env-file", "old.env", "-o", "json")
    done = knowctl(*words, cwd=tmp_path, environ=image)
    found = json.loads(done.stdout)["data"]["findings"]
    assert done.returncode == 0, done.stdout
    assert {each["severity"] for each in found if each["outcome"] == "fail"} <= {"warning", "info"}
    assert len(found) >= 17


def workflow() -> Any:
    """The shipped workflow, read as GitHub reads it: `on` is no boolean there."""
    return yaml.load(WORKFLOW.read_text(encoding="utf-8"), yaml.BaseLoader)  # noqa: S506 -- strings alone


def steps() -> list[dict[str, Any]]:
    """The steps of its one job."""
    found: list[dict[str, Any]] = workflow()["jobs"]["config-check"]["steps"]
    return found


def test_the_workflow_fits_githubs_schema() -> None:
    document = {**yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))}
    document["on"] = document.pop(True)  # YAML 1.1 takes the word for a boolean
    assert faults_of_workflow(document) == []
    assert faults_of_workflow({**document, "jobs": {"a": {"steps": []}}})
    assert workflow()["permissions"] == {"contents": "read", "security-events": "write"}


def test_the_workflow_runs(tmp_path: Path) -> None:
    checkout = checkout_copy(tmp_path / "checkout")
    told = tmp_path / "github-env"
    told.touch()
    environ = clean_environment(GITHUB_ENV=str(told))
    environ["PATH"] = f"{Path(sys.executable).parent}:{environ['PATH']}"
    scripts = [each["run"] for each in steps() if "run" in each]
    install, *others = scripts
    for word in install.split():
        assert not word.endswith(".lock") or (checkout / word).is_file()
    for script in others:
        given = dict(line.split("=", 1) for line in told.read_text().splitlines())
        done = subprocess.run(
            ["bash", "-e", "-c", script],
            cwd=checkout,
            env={**environ, **given},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0 or "-o github" in script, done.stderr
        commands(done.stdout.strip())
    assert faults_of_sarif(json.loads((checkout / "config-check.sarif").read_text())) == []
