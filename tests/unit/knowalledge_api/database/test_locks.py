"""One migration at a time."""

from __future__ import annotations

from pathlib import Path

import pytest

from knowalledge_api.database.locks import POLL, Patience, file_lock
from knowalledge_api.errors import MigrationError


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_it_tries_until_it_works_or_time_is_up() -> None:
    clock = Clock()
    answers = iter([False, False, True])
    Patience(10, clock, clock.sleep).until(lambda: next(answers))
    assert clock.now == pytest.approx(2 * POLL)
    with pytest.raises(MigrationError, match="did not finish in 1 s") as caught:
        Patience(1, clock, clock.sleep).until(lambda: False)
    assert caught.value.hint
    assert clock.now == pytest.approx(2 * POLL + 1)


def test_without_time_one_try_is_made() -> None:
    tries: list[int] = []
    Patience(0).until(lambda: not tries.append(1))  # type: ignore[func-returns-value]
    assert tries == [1]


def test_a_file_is_locked_for_one_at_a_time(tmp_path: Path) -> None:
    clock = Clock()
    file = tmp_path / "x.db"
    patience = Patience(1, clock, clock.sleep)
    with file_lock(file, patience):
        with pytest.raises(MigrationError), file_lock(file, patience):
            pass
        with file_lock(tmp_path / "y.db", patience):
            pass
    with file_lock(file, patience):
        pass
    assert not file.exists()


def test_where_there_is_nothing_to_lock_it_goes_on(tmp_path: Path) -> None:
    with file_lock(None, Patience(0)), file_lock(tmp_path / "none" / "x.db", Patience(0)):
        assert list(tmp_path.iterdir()) == []


def test_a_lock_that_can_not_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.db-lock").mkdir()
    with (
        pytest.raises(MigrationError, match=r"x\.db-lock can't be written"),
        file_lock(tmp_path / "x.db", Patience(0)),
    ):
        pass
