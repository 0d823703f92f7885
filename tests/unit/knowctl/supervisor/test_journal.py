from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from knowctl.supervisor.journal import Journal

MOMENT = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)


def journal(file: Path, log_format: str = "json") -> Journal:
    return Journal(log_format, str(file), lambda: MOMENT)


def test_a_json_record_has_the_fields_of_every_other_record(tmp_path: Path) -> None:
    file = tmp_path / "log"
    journal(file).warning("it happened", generation=3)
    assert json.loads(file.read_text()) == {
        "time": "2026-01-02T03:04:05.678+00:00",
        "level": "warning",
        "logger": "knowctl",
        "message": "it happened",
        "generation": 3,
    }


def test_a_record_for_people_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "log"
    console = journal(file, "console")
    console.info("up", generation=3)
    console.error("down")
    assert file.read_text().splitlines() == [
        "2026-01-02T03:04:05 INFO    knowctl: up generation=3",
        "2026-01-02T03:04:05 ERROR   knowctl: down",
    ]


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_no_message_forges_a_second_record(tmp_path: Path, log_format: str) -> None:
    file = tmp_path / "log"
    journal(file, log_format).info("a\nb\u2028c\x1b[31m")
    text = file.read_text()
    assert text.count("\n") == 1
    assert not {"\u2028", "\x1b"} & set(text)


def test_no_fact_passes_for_another(tmp_path: Path) -> None:
    file = tmp_path / "log"
    journal(file, "console").info("oh", why="a pid=1", pid=7)
    assert file.read_text().endswith('knowctl: oh why="a pid=1" pid=7\n')


def test_the_file_may_be_moved_away_between_two_records(tmp_path: Path) -> None:
    file = tmp_path / "log"
    journal(file).info("one")
    file.rename(tmp_path / "log.1")
    journal(file).info("two")
    assert "two" in file.read_text()


def test_what_the_file_does_not_take_is_said_on_stderr(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    journal(tmp_path / "no" / "such" / "directory", "console").info("not lost")
    assert capfd.readouterr().err.endswith("INFO    knowctl: not lost\n")


def test_a_json_record_is_spelt_like_those_of_the_workers(tmp_path: Path) -> None:
    file = tmp_path / "log"
    journal(file).info("up")
    assert '"level":"info","logger":"knowctl"' in file.read_text()


def test_a_log_that_cannot_be_written_anywhere_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Path("/dev/full").open("w") as full:
        monkeypatch.setattr("sys.__stderr__", full)
        journal(tmp_path / "no" / "such" / "directory").info("lost")


def test_without_a_file_it_speaks_on_stderr(capfd: pytest.CaptureFixture[str]) -> None:
    Journal().info("hello")
    assert capfd.readouterr().err.endswith("INFO    knowctl: hello\n")
