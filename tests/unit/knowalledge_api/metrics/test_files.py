"""The files of a server's workers."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("one process serves there", allow_module_level=True)

import fcntl

from knowalledge_api.metrics import files
from knowalledge_api.metrics.cells import in_file
from knowalledge_api.metrics.files import LOCK, MERGED, BusyError, Directory
from knowalledge_api.metrics.table import IN_FLIGHT, LIMITED, key_of

COUNTER = key_of(LIMITED.name, "login")
GAUGE = key_of(IN_FLIGHT.name)


@pytest.fixture
def directory(tmp_path: Path) -> Directory:
    return Directory(tmp_path / "metrics")


def worker(directory: Directory, counted: float, measured: float = 0.0) -> int:
    """One that has counted; it lives until what is given back is closed."""
    descriptor = directory.begin()
    cells = in_file(descriptor)
    cells.values[cells.allot(COUNTER)] = counted
    cells.values[cells.allot(GAUGE)] = measured
    cells.close()
    return descriptor


def names(directory: Directory) -> list[str]:
    return sorted(path.name for path in directory.path.iterdir())


def test_the_living_are_added_up(directory: Directory) -> None:
    living = [worker(directory, 2, 3), worker(directory, 40, 5)]
    gathered = directory.gather()
    assert gathered.numbers == {COUNTER: 42, GAUGE: 8}
    assert gathered.workers == 2
    assert gathered.since == (directory.path / LOCK).stat().st_mtime
    for each in living:
        os.close(each)


def test_the_dead_leave_what_they_counted_and_no_file(directory: Directory) -> None:
    for _ in range(3):
        os.close(worker(directory, 2, 3))
    gathered = directory.gather()
    assert (gathered.numbers, gathered.workers) == ({COUNTER: 6}, 0)
    assert names(directory) == [LOCK, MERGED]
    assert directory.gather().numbers == {COUNTER: 6}


def test_whoever_begins_sweeps_so_that_files_never_pile_up(directory: Directory) -> None:
    for number in range(20):
        os.close(worker(directory, 1))
        assert len(names(directory)) <= 3, number
    assert directory.gather().numbers == {COUNTER: 20}


def test_who_is_killed_between_merging_and_removing_counts_nothing_twice(
    directory: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.close(worker(directory, 5))
    living = worker(directory, 2)
    os.close(living)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", _killed)
        with pytest.raises(KeyboardInterrupt):
            directory.gather()
    assert len(names(directory)) == 3, "merged, and still there"
    assert directory.gather().numbers == {COUNTER: 7}
    assert names(directory) == [LOCK, MERGED]


def test_who_is_killed_before_the_merged_file_is_in_place_loses_nothing(
    directory: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.close(worker(directory, 5))
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", _killed)
        with pytest.raises(KeyboardInterrupt):
            directory.gather()
    assert directory.gather().numbers == {COUNTER: 5}


def test_the_file_of_one_who_was_killed_while_it_began_counts_for_nothing(
    directory: Directory,
) -> None:
    os.close(directory.begin())
    assert directory.gather().numbers == {}
    assert json.loads((directory.path / MERGED).read_text())["numbers"] == {}


def test_nobody_reads_or_begins_while_another_has_the_directory(
    directory: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "PATIENCE", 0.02)
    os.close(directory.begin())
    with (directory.path / LOCK).open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(BusyError, match="hangs"):
            directory.gather()
        with pytest.raises(BusyError):
            directory.begin()
    assert directory.gather().numbers == {}


def test_the_files_are_for_their_owner_alone(directory: Directory) -> None:
    own = directory.begin()
    assert directory.path.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in directory.path.iterdir()} == {0o600}
    os.close(own)


def _killed(*_: object, **__: object) -> None:
    raise KeyboardInterrupt
