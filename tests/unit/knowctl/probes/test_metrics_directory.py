"""Where the workers of a server count together."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from knowalledge_api.metrics import leftovers
from knowctl.probes.metrics_directory import NAME, OWNER, PREFIX, remove, renew

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="one process serves there")


@pytest.fixture
def memory(tmp_path: Path) -> Path:
    path = tmp_path / "memory"
    path.mkdir()
    return path


@pytest.fixture
def run(tmp_path: Path) -> Path:
    path = tmp_path / "run"
    path.mkdir()
    return path


def test_it_is_in_memory_and_its_owners_alone(run: Path, memory: Path) -> None:
    renew(run, memory)
    (made,) = memory.iterdir()
    assert (run / NAME).readlink() == made
    assert made.stat().st_mode & 0o777 == 0o700


def test_it_is_named_so_that_what_is_left_is_found(run: Path, memory: Path) -> None:
    renew(run, memory)
    (made,) = memory.iterdir()
    assert (made / OWNER / NAME).readlink() == made
    assert (leftovers.OWNER, leftovers.PREFIXES[0]) == (OWNER, PREFIX)


def test_without_memory_it_is_in_the_run_directory(run: Path, memory: Path) -> None:
    for _ in range(2):
        renew(run, memory / "none")
        assert not (run / NAME).is_symlink()
        assert (run / NAME).stat().st_mode & 0o777 == 0o700
        assert list((run / NAME).iterdir()) == []
        (run / NAME / "left").touch()


def test_a_start_begins_with_nothing_and_clears_what_a_killed_server_left(
    run: Path, memory: Path
) -> None:
    renew(run, memory)
    (run / NAME / "left").touch()
    renew(run, memory)
    assert len(list(memory.iterdir())) == 1
    assert [path.name for path in (run / NAME).iterdir()] == [OWNER]


def test_an_end_leaves_nothing(run: Path, memory: Path) -> None:
    renew(run, memory)
    for _ in range(2):
        remove(run, memory)
        assert list(memory.iterdir()) == []
        assert list(run.iterdir()) == []


def test_a_link_into_memory_that_is_gone_is_only_taken_away(run: Path, memory: Path) -> None:
    (run / NAME).symlink_to(memory / "knowctl-gone")
    renew(run, memory)
    assert len(list(memory.iterdir())) == 1


@pytest.mark.parametrize("name", ["memory/others", "elsewhere/knowctl-1"])
def test_nothing_is_removed_that_is_not_ours(
    run: Path, memory: Path, tmp_path: Path, name: str
) -> None:
    target = tmp_path / name
    target.mkdir(parents=True)
    (run / NAME).symlink_to(target)
    remove(run, memory)
    assert target.is_dir()
    assert not (run / NAME).is_symlink()


def test_a_file_of_its_name_in_memory_stays(run: Path, memory: Path) -> None:
    (memory / "knowctl-1").touch()
    (run / NAME).symlink_to(memory / "knowctl-1")
    remove(run, memory)
    assert (memory / "knowctl-1").exists()
