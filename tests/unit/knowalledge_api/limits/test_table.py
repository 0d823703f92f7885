"""Counters in memory that all processes share."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from knowalledge_api.limits import table, windows
from knowalledge_api.limits.table import SET_SIZE, SUBJECT, WAYS, Table
from knowalledge_api.limits.windows import Rate, Verdict

RATES = (Rate(1000, 3600),)
NOW = 4e9
"""Later than now: windows that the table weighs by its own clock have not ended."""

posix = pytest.mark.skipif(sys.platform == "win32", reason="fork, and locks of the kernel")


@pytest.fixture
def counters() -> Iterator[Table]:
    with closing(Table()) as counters:
        yield counters


def count(counters: Table, who: str, rates: tuple[Rate, ...] = RATES) -> Verdict:
    return counters.change(who, windows.count, rates, NOW)


def used(counters: Table, who: str) -> int:
    """How many requests of somebody are counted."""
    return counters.change(who, lambda kept: int(kept[7]) + int(kept[8]))


def alike(number: int) -> list[str]:
    """So many subjects whose place is in one and the same set."""
    first = table._place("0")[1]
    found = (str(each) for each in range(10**7) if table._place(str(each))[1] == first)
    return [next(found) for _ in range(number)]


def test_everybody_is_counted_apart(counters: Table) -> None:
    assert [count(counters, who).remaining for who in "aab\ud800"] == [999, 998, 999, 999]


def test_threads_lose_no_count(counters: Table) -> None:
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: count(counters, "a"), range(800)))
    assert used(counters, "a") == 800


@posix
def test_forked_processes_lose_no_count_and_admit_no_more_than_the_limit(counters: Table) -> None:
    readers = []
    for _ in range(4):
        reader, writer = os.pipe()
        if not os.fork():
            admitted = sum(count(counters, "a").allowed for _ in range(400))
            os.write(writer, str(admitted).encode())
            os._exit(0)
        os.close(writer)
        readers.append(reader)
    totals = []
    for reader in readers:
        with open(reader) as file:  # noqa: PTH123 -- a descriptor
            totals.append(int(file.read()))
        os.wait()
    assert sum(totals) == 1000
    assert used(counters, "a") == 1000


def test_who_finds_the_file_by_its_name_counts_on(tmp_path: Path) -> None:
    place = tmp_path / "limits-1"
    with closing(Table(place)) as first, closing(Table(place)) as second:
        count(first, "a")
        assert used(second, "a") == 1
    with closing(Table(place)) as third:
        assert used(third, "a") == 1
    assert place.stat().st_mode & 0o777 == 0o600


def test_a_link_in_place_of_the_file_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "limits-1").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic links"):
        Table(tmp_path / "limits-1")


def test_a_directory_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Table(tmp_path / "nowhere" / "limits-1")


def test_a_disk_without_room_leaves_nothing_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[int] = []

    def full(_descriptor: int, _size: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "ftruncate", full)
    real = os.close

    def close(descriptor: int) -> None:
        closed.append(descriptor)
        real(descriptor)

    monkeypatch.setattr(os, "close", close)
    with pytest.raises(OSError, match="No space left"):
        Table(tmp_path / "limits-1")
    assert len(closed) == 1


def test_many_who_come_once_displace_each_other_and_not_who_came_often(counters: Table) -> None:
    often, *once = alike(3 * WAYS)
    for _ in range(5):
        count(counters, often)
    for who in once:
        count(counters, who)
    assert used(counters, often) == 5
    assert sum(used(counters, who) for who in once) == WAYS - 1


def test_whose_window_is_over_gives_way_first(counters: Table) -> None:
    over, *others = alike(WAYS + 1)
    for _ in range(9):
        counters.change(over, windows.count, RATES, 1000.0)
    for who in others:
        count(counters, who)
    assert used(counters, over) == 0
    assert [used(counters, who) for who in others] == [1] * WAYS


def test_a_subject_is_not_found_in_the_bytes_of_others(counters: Table) -> None:
    digest, number = table._place("a")
    begin = number * SET_SIZE
    counters._memory[begin + 8 : begin + 24] = digest
    assert counters._find(digest, begin) == -1
    count(counters, "a")
    place = counters._find(digest, begin)
    assert (place - begin) % SUBJECT.size == 0


def test_what_does_not_change_takes_no_place(counters: Table) -> None:
    assert used(counters, "a") == 0
    assert not any(counters._memory[:])


@posix
def test_a_lock_that_is_never_given_back_does_not_hold_up_the_server(
    counters: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table, "PAUSE", 0)
    number = table._place("a")[1]
    locked, locker = os.pipe()
    over, end = os.pipe()
    pid = os.fork()
    if not pid:
        table._lock(counters._descriptor, number)
        os.write(locker, b"!")
        os.read(over, 1)
        os._exit(0)
    os.read(locked, 1)
    assert not table._lock(counters._descriptor, number)
    assert count(counters, "a").allowed
    os.write(end, b"!")
    os.waitpid(pid, 0)
    assert table._lock(counters._descriptor, number), "its end gave it back"
    for descriptor in (locked, locker, over, end):
        os.close(descriptor)


def test_without_anonymous_files_a_temporary_one_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "memfd_create", raising=False)
    with closing(Table()) as counters:
        count(counters, "a")
        assert used(counters, "a") == 1


def test_no_thread_sees_a_count_half_made(counters: Table) -> None:
    entered = threading.Event()

    def second(_kept: windows.Windows) -> None:
        entered.set()

    def first(_kept: windows.Windows) -> threading.Thread:
        other = threading.Thread(target=counters.change, args=("a", second))
        other.start()
        assert not entered.wait(0.05), "it came in between"
        return other

    counters.change("a", first).join()
    assert entered.is_set()
