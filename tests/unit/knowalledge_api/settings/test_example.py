"""The text of .env files."""

from __future__ import annotations

from pathlib import Path

from knowalledge_api.settings import TABLE, load, require
from knowalledge_api.settings.example import env_text, example_text


def test_the_example_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "env").write_text(example_text())
    (tmp_path / "empty").touch()
    copied = require(load({}, env_file=tmp_path / "env", cpus=2))
    assert copied == require(load({}, env_file=tmp_path / "empty", cpus=2))


def test_the_example_needs_no_reader_that_knows_quotes() -> None:
    lines = [line for line in example_text().splitlines() if line and not line.startswith("#")]
    assert [line.partition("=")[0] for line in lines] == [row.name for row in TABLE]
    assert not any(mark in line for line in lines for mark in ("'", '"', " #"))


def test_a_written_file_sets_what_was_given_alone(tmp_path: Path) -> None:
    (tmp_path / "env").write_text(env_text({"PORT": "7"}))
    loaded = load({}, env_file=tmp_path / "env")
    assert set(loaded.given) == {"PORT"}
    assert require(loaded).port == 7
