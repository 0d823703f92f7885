"""The numbers of one process in memory."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowalledge_api.metrics.cells import CAPACITY, HEADER, Cells, in_file, in_private, read


@pytest.fixture
def file(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    path = tmp_path / "numbers"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT)
    yield descriptor, path
    os.close(descriptor)


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), st.floats(), max_size=9))
def test_what_is_put_is_read(numbers: dict[str, float]) -> None:
    cells = in_private()
    for key, number in numbers.items():
        cells.values[cells.allot(key)] = number
    assert repr(cells.numbers()) == repr(numbers)  # repr, since one is not a number
    cells.close()


def test_a_number_begins_at_zero_whatever_was_there_before() -> None:
    cells = Cells(bytearray(b"\xff" * 1024))
    cells.allot("a")
    assert cells.numbers() == {"a": 0.0}


def test_another_process_reads_it_in_the_file(file: tuple[int, Path]) -> None:
    descriptor, path = file
    cells = in_file(descriptor)
    cells.values[cells.allot("requests")] += 2
    assert read(path.read_bytes()) == {"requests": 2.0}
    assert path.stat().st_size == CAPACITY
    cells.close()


def test_without_posix_fallocate_the_file_is_as_large(
    file: tuple[int, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "posix_fallocate")
    descriptor, path = file
    in_file(descriptor).close()
    assert path.stat().st_size == CAPACITY


def test_what_finds_no_room_is_counted_where_nobody_reads() -> None:
    cells = Cells(bytearray(64))
    kept, lost = cells.allot("fits"), cells.allot("does not fit any more, being so long")
    cells.values[kept] += 1
    cells.values[lost] += 1
    assert lost == 1
    assert cells.numbers() == {"fits": 1.0}


@pytest.mark.parametrize("end", range(0, 72, 4))
def test_of_a_file_that_is_cut_off_what_is_there_is_read(end: int) -> None:
    memory = bytearray(72)
    cells = Cells(memory)
    for key in ("a", "b"):
        cells.values[cells.allot(key)] = 1
    content = bytes(memory)[:end]
    cells.close()
    assert list(read(content)) == ["a", "b"][: max(0, end - 2 * HEADER) // 24]


def test_a_length_that_can_not_be_ends_the_reading() -> None:
    memory = bytearray(128)
    cells = Cells(memory)
    cells.allot("a")
    cells.allot("b")
    cells.close()
    memory[40:48] = (1 << 60).to_bytes(8, "little")
    assert list(read(bytes(memory))) == ["a"]
    memory[16:24] = b"\xff" * 8
    assert read(bytes(memory)) == {}
