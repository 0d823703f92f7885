"""The settings of a process."""

from __future__ import annotations

from pathlib import Path

import pytest

from knowalledge_api.settings import SettingsError
from knowalledge_api.settings.process import from_process


def test_the_file_that_is_named_is_read(tmp_path: Path) -> None:
    (tmp_path / "env").write_text("PORT=7\nINSTANCE=x\n")
    made = from_process({"KNOWCTL_ENV_FILE": str(tmp_path / "env"), "PORT": "8"})
    assert (made.port, made.instance) == (8, "x")


def test_the_file_of_the_working_directory_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert from_process({}).port == 5000
    (tmp_path / ".env").write_text("PORT=7\n")
    assert from_process({"KNOWCTL_ENV_FILE": ""}).port == 7


def test_a_file_that_is_named_has_to_be_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="does not exist"):
        from_process({"KNOWCTL_ENV_FILE": str(tmp_path / "none")})
