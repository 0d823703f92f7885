"""The keys that sign tokens."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from knowalledge_api.auth import signing
from knowalledge_api.auth.signing import FILE, signing_keys
from knowalledge_api.generation import Generation
from tests.support.configuration import settings_of

KEY = "0123456789abcdef0123456789abcdef"


def generation(directory: Path, number: int = 1) -> Generation:
    return Generation(number, directory / f"gen-{number}", -1, -1)


def test_the_settings_decide_and_former_keys_stand_behind() -> None:
    older, oldest = KEY[::-1], f"{KEY} oldest"
    settings = settings_of(SECRET_KEY=KEY, SECRET_KEY_FALLBACKS=f" {older} , ,{oldest}")
    assert signing_keys(settings, None) == (KEY.encode(), older.encode(), oldest.encode())


def test_a_key_of_the_settings_is_written_nowhere(tmp_path: Path) -> None:
    signing_keys(settings_of(SECRET_KEY=KEY), generation(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_all_generations_of_a_server_share_one_key_that_only_their_user_reads(
    tmp_path: Path,
) -> None:
    (first,) = signing_keys(settings_of(), generation(tmp_path))
    assert signing_keys(settings_of(), generation(tmp_path, 2)) == (first,)
    assert [each.name for each in tmp_path.iterdir()] == [FILE]
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600
    assert len(first) == 64


def test_servers_do_not_share_a_key(tmp_path: Path) -> None:
    keys = []
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        keys.append(signing_keys(settings_of(), generation(tmp_path / name)))
    assert keys[0] != keys[1]


@pytest.mark.parametrize("broken", [b"", b"half a key"])
def test_a_file_without_a_whole_key_gets_one(tmp_path: Path, broken: bytes) -> None:
    (tmp_path / FILE).write_bytes(broken)
    (key,) = signing_keys(settings_of(), generation(tmp_path))
    assert (tmp_path / FILE).read_bytes() == key
    assert signing_keys(settings_of(), generation(tmp_path)) == (key,)


def test_of_two_processes_that_begin_at_once_one_makes_the_key(tmp_path: Path) -> None:
    first = signing._made(tmp_path / FILE)
    assert signing._made(tmp_path / FILE) == first
    assert [each.name for each in tmp_path.iterdir()] == [FILE]


def test_without_a_run_directory_the_key_lives_in_the_process() -> None:
    keys = [signing_keys(settings_of(), None) for _ in range(2)]
    assert keys[0] != keys[1]
    assert len(keys[0][0]) == 64


def test_a_directory_that_is_not_there_costs_the_tokens_of_a_reload_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    (key,) = signing_keys(settings_of(), generation(tmp_path / "gone"))
    assert len(key) == 64
    assert "tokens will not outlast a reload" in caplog.text
    assert key.decode() not in caplog.text
