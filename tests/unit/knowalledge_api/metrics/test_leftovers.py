"""Directories that killed servers left."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from knowalledge_api.metrics.files import Directory
from knowalledge_api.metrics.leftovers import OWNER, YOUNG, clear

if sys.platform == "win32":
    pytest.skip("one process serves there", allow_module_level=True)


def later() -> float:
    return time.time() + YOUNG + 1


def directory(memory: Path, name: str) -> Path:
    path = memory / name
    path.mkdir()
    (path / "worker-1-a.numbers").touch()
    return path


@pytest.mark.parametrize("name", ["knowctl-1", "knowalledge-1"])
def test_what_nobody_counts_in_is_removed(tmp_path: Path, name: str) -> None:
    path = directory(tmp_path, name)
    clear(tmp_path, later)
    assert not path.exists()


def test_what_is_young_may_be_about_to_be_used(tmp_path: Path) -> None:
    path = directory(tmp_path, "knowctl-1")
    clear(tmp_path)
    assert path.exists()


def test_what_a_process_counts_in_stays(tmp_path: Path) -> None:
    path = directory(tmp_path, "knowctl-1")
    held = Directory(path).begin()
    clear(tmp_path, later)
    assert path.exists()
    os.close(held)
    clear(tmp_path, later)
    assert not path.exists()


def test_what_a_run_directory_names_stays_until_it_names_another(tmp_path: Path) -> None:
    path, run = directory(tmp_path, "knowctl-1"), tmp_path / "run"
    run.mkdir()
    (path / OWNER).symlink_to(run)
    (run / "metrics").symlink_to(path)
    clear(tmp_path, later)
    assert path.exists()
    (run / "metrics").unlink()
    (run / "metrics").symlink_to(tmp_path / "knowctl-2")
    clear(tmp_path, later)
    assert not path.exists()


@pytest.mark.parametrize("name", ["others-1", "knowledge"])
def test_what_is_not_ours_stays(tmp_path: Path, name: str) -> None:
    path = directory(tmp_path, name)
    (tmp_path / "knowctl-file").touch()
    (tmp_path / "knowctl-link").symlink_to(path)
    clear(tmp_path, later)
    assert path.exists()
    assert (tmp_path / "knowctl-file").exists()
    assert (tmp_path / "knowctl-link").is_symlink()


def test_what_another_user_owns_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = directory(tmp_path, "knowctl-1")
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
    clear(tmp_path, later)
    assert path.exists()


def test_one_that_goes_meanwhile_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory(tmp_path, "knowctl-1")

    def gone(_: Path) -> os.stat_result:
        raise FileNotFoundError

    with monkeypatch.context() as patch:
        patch.setattr(Path, "lstat", gone)
        clear(tmp_path, later)
    assert (tmp_path / "knowctl-1").exists()
