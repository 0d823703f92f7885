"""The repository holds what it should, where it should, and nothing that gives anything away."""

from __future__ import annotations

import os
import re
import subprocess
import tokenize
from pathlib import Path

import pytest

from tests.support.rooms import ROOT, SRC, modules

TOP_LEVEL = frozenset({
    "src", "tests", "pyproject.toml", "README.md", ".env.example", "start_production.sh",
    "start_production.ps1", "run_tests.sh", "Dockerfile", ".dockerignore", "deploy", "benchmarks",
    "docs", "requirements.lock", "requirements-dev.lock", "requirements-lowest.lock",
    "CHANGELOG.md", "LICENSE", "CONTRIBUTING.md", ".pre-commit-config.yaml", ".ci", ".gitignore",
})  # fmt: skip
DATABASES = frozenset({".db", ".db-shm", ".db-wal", ".sqlite", ".sqlite3"})
PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY")
# A class of one letter each, so that these lines do not find themselves.
REGISTRY = re.compile(r"pypi[.]org|python[h]osted|npm[j]s")
MACHINE_PATH = re.compile(r"(?<![\w.-])/(?:[r]oot|[w]ork)/")
WAIVER = re.compile(r"(?:# |; )(?:type: ignore|(?:ruff: )?noqa)\b")
RECORDS = ROOT / "docs" / "decisions"


def files() -> list[Path]:
    """Every file that git tracks, or would after `git add`."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / name for name in sorted(listed.stdout.split("\0")) if (ROOT / name).is_file()]


def text_of(file: Path) -> str:
    return file.read_bytes().decode("utf-8", "replace")


def places_of(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{file.relative_to(ROOT)}:{number}"
        for file in files()
        for number, line in enumerate(text_of(file).splitlines(), 1)
        if pattern.search(line)
    ]


def scripts() -> list[Path]:
    return [file for file in files() if file.suffix == ".sh" or file == ROOT / ".ci" / "run"]


def comments(module: Path) -> list[tuple[int, str]]:
    with module.open("rb") as file:
        tokens = tokenize.tokenize(file.readline)
        return [(each.start[0], each.string) for each in tokens if each.type == tokenize.COMMENT]


def has_reason(comment: str) -> bool:
    """Whether a comment that waives a rule says why: behind two dashes, or a second #."""
    return not WAIVER.search(comment) or bool(re.search(r" -- \S|\]  # (?!noqa)\S", comment))


def test_nothing_stands_at_the_top_that_is_not_meant_to() -> None:
    assert {file.relative_to(ROOT).parts[0] for file in files()} - TOP_LEVEL == set()


def test_every_shell_script_can_be_run() -> None:
    assert scripts()
    assert [file.name for file in scripts() if not os.access(file, os.X_OK)] == []


@pytest.mark.parametrize("script", scripts(), ids=lambda path: path.name)
def test_a_shell_script_can_be_parsed(script: Path) -> None:
    done = subprocess.run(["bash", "-n", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_no_database_is_tracked() -> None:
    assert [file.name for file in files() if file.suffix in DATABASES] == []


def test_no_private_key_is_tracked() -> None:
    assert places_of(PRIVATE_KEY) == []


def test_no_package_registry_is_named() -> None:
    assert places_of(REGISTRY) == []


def test_no_path_of_one_machine_is_named() -> None:
    assert places_of(MACHINE_PATH) == []


def test_every_waiver_of_a_rule_has_its_reason() -> None:
    bare = [
        f"{module.relative_to(SRC)}:{number}"
        for module in modules()
        for number, comment in comments(module)
        if not has_reason(comment)
    ]
    assert bare == []


def test_every_decision_record_is_in_the_index_in_order() -> None:
    linked = re.findall(r"\]\(([^)]+\.md)\)", text_of(RECORDS / "README.md"))
    assert linked == sorted(path.name for path in RECORDS.glob("[0-9]*.md"))


@pytest.mark.parametrize(
    ("comment", "reason"),
    [
        ("# type: " + "ignore[attr-defined]", False),
        ("# noqa" + ": S101", False),
        ("# noqa" + ": S101 - because", False),
        ("# ruff: " + "noqa: S101", False),
        ("# noqa" + ": S101 -- because", True),
        ("# type: " + "ignore[x] # noqa" + ": S101 -- because", True),
        ("# says why it is so", True),
    ],
)
def test_a_waiver_without_a_reason_is_seen(comment: str, *, reason: bool) -> None:
    assert has_reason(comment) is reason


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        (PRIVATE_KEY, "-----BEGIN RSA " + "PRIVATE KEY-----"),
        (PRIVATE_KEY, "-----BEGIN " + "PRIVATE KEY-----"),
        (REGISTRY, "https://pypi" + ".org/simple"),
        (REGISTRY, "https://files.python" + "hosted.org"),
        (MACHINE_PATH, "cd /" + "work/main"),
        (MACHINE_PATH, '"/' + 'root/.cache"'),
    ],
)
def test_what_gives_something_away_is_seen(pattern: re.Pattern[str], line: str) -> None:
    assert pattern.search(line)
