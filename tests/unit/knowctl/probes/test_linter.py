from __future__ import annotations

from pathlib import Path

import pytest

from knowctl.model.database import Complaint, Unlinted
from knowctl.probes.linter import TASTE, Linter

LOCK = "SET lock_timeout = '5s';\n"
HARM = f"{LOCK}BEGIN;\nALTER TABLE users DROP COLUMN email;\nDROP TABLE topics;\nCOMMIT;\n"


def squawk(directory: Path, script: str) -> Linter:
    """A squawk that runs this script."""
    file = directory / "squawk"
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return Linter(str(directory))


def test_what_blocks_or_destroys_is_told_by_revision_once_a_rule() -> None:
    found = Linter().lint({"0002": LOCK, "0003": HARM + HARM})
    assert isinstance(found, tuple)
    assert [(each.revision, each.rule) for each in found] == [
        ("0003", "ban-drop-column"),
        ("0003", "ban-drop-table"),
    ]
    assert "\n" not in found[0].message


def test_taste_is_no_harm() -> None:
    assert Linter().lint({"1": f"{LOCK}CREATE TABLE a (b char(9), c int, d timestamp);"}) == ()
    assert tuple(sorted(TASTE)) == TASTE


def test_nothing_pending_needs_no_linter(tmp_path: Path) -> None:
    assert Linter(str(tmp_path)).lint({}) == ()


def test_a_linter_that_is_not_there_is_a_reason_to_skip(tmp_path: Path) -> None:
    found = Linter(str(tmp_path)).lint({"1": LOCK})
    assert found == Unlinted(
        "squawk is not installed", "pip install squawk-cli, then run this again"
    )


def test_another_squawk_on_the_path_is_used(tmp_path: Path) -> None:
    said = """echo '[{"rule_name": "r", "message": "m  n"}]'; exit 1"""
    assert squawk(tmp_path, said).lint({"1": LOCK}) == (Complaint("1", "r", "m n"),)


@pytest.mark.parametrize(
    ("script", "error"),
    [
        ("echo boom", "JSONDecodeError"),
        ("exit 3", "JSONDecodeError"),
        ("echo '[{}]'", "KeyError"),
        ("echo 3", "TypeError"),
    ],
)
def test_a_linter_that_answers_otherwise_is_a_reason_to_skip(
    tmp_path: Path, script: str, error: str
) -> None:
    found = squawk(tmp_path, script).lint({"0001": LOCK})
    assert isinstance(found, Unlinted)
    assert found.cause == f"squawk could not lint 0001: {error}"


def test_a_linter_that_can_not_be_run_is_a_reason_to_skip(tmp_path: Path) -> None:
    file = tmp_path / "squawk"
    file.write_bytes(b"\x00\x01")
    file.chmod(0o755)
    found = Linter(str(tmp_path)).lint({"0001": LOCK})
    assert isinstance(found, Unlinted)
    assert "OSError" in found.cause
