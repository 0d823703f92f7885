from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from knowctl.model.surroundings import Committed
from knowctl.probes.git import committed


@pytest.fixture
def work_tree(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / ".env").write_text("SECRET_KEY=x\n")
    (tmp_path / "*.env").write_text("SECRET_KEY=x\n")
    return tmp_path


def test_a_file_that_git_tracks_is_told_of(work_tree: Path) -> None:
    assert committed([work_tree / ".env"]) == Committed()
    subprocess.run(["git", "-C", str(work_tree), "add", ".env"], check=True)
    assert committed([work_tree / ".env"]) == Committed((str(work_tree / ".env"),))
    assert committed([work_tree / "*.env"]) == Committed()


def test_outside_a_work_tree_git_is_not_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert committed([tmp_path / ".env", tmp_path / "\0"]) == Committed()


def test_without_git_it_is_not_known(work_tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(work_tree / "nowhere"))
    assert committed([work_tree / ".env"]) == Committed((), "git is not installed")


def test_what_git_complains_of_is_why_it_is_not_known(work_tree: Path) -> None:
    (work_tree / ".git" / "HEAD").unlink()
    found = committed([work_tree / ".env"])
    assert found.files == ()
    assert "not a git repository" in found.unknown


@pytest.mark.parametrize(
    ("script", "reason"),
    [("exit 3", "git ended with 3"), ("exec sleep 9", "git did not answer: TimeoutExpired")],
)
def test_a_git_that_fails_without_a_word_is_told_of(
    work_tree: Path, monkeypatch: pytest.MonkeyPatch, script: str, reason: str
) -> None:
    fake = work_tree / "bin" / "git"
    fake.parent.mkdir()
    fake.write_text(f"#!/bin/sh\n{script}\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}:/usr/bin:/bin")
    monkeypatch.setattr("knowctl.probes.git.PATIENCE", 0.3)
    assert committed([work_tree / ".env"]) == Committed((), reason)
