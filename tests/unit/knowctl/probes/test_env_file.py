from __future__ import annotations

import os
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from knowalledge_api.settings import load
from knowctl.errors import ErrorCode, ExitCode, KnowctlError
from knowctl.probes.env_file import EnvFileProbe


def names() -> list[str]:
    """What the working directory holds."""
    return sorted(path.name for path in Path().iterdir())


def refusal(path: Path, *, force: bool = False) -> KnowctlError:
    with pytest.raises(KnowctlError) as raised:
        EnvFileProbe(path).write({"PORT": "1"}, force=force)
    return raised.value


def test_secrets_are_long_and_never_the_same() -> None:
    probe = EnvFileProbe(Path(".env"))
    drawn = {probe.secret() for _ in range(9)}
    assert len(drawn) == 9
    assert all(len(bytes.fromhex(each)) == 32 for each in drawn)


def test_what_is_written_is_read_back_and_for_its_owner_alone() -> None:
    os.umask(0)
    try:
        written = EnvFileProbe(Path(".env")).write({"PORT": "8000"}, force=False)
    finally:
        os.umask(0o022)
    assert written.path == ".env"
    assert written.backup is None
    assert stat.S_IMODE(Path(".env").stat().st_mode) == 0o600
    loaded = load({})
    assert loaded.problems == ()
    assert set(loaded.given) == {"PORT"}
    assert names() == [".env"]


@pytest.mark.parametrize("force", [False, True])
def test_without_a_former_file_force_changes_nothing(*, force: bool) -> None:
    assert EnvFileProbe(Path("a.env")).write({}, force=force).backup is None


def test_a_file_that_is_there_is_refused_and_untouched() -> None:
    Path(".env").write_text("precious")
    failure = refusal(Path(".env")).failure
    assert (failure.code, failure.exit_code) == (ErrorCode.EXISTS, ExitCode.REFUSED)
    assert "--force" in failure.hint
    assert Path(".env").read_text() == "precious"
    assert names() == [".env"]


def test_a_dangling_link_is_there_too() -> None:
    Path(".env").symlink_to("nowhere")
    assert refusal(Path(".env")).failure.code is ErrorCode.EXISTS


def test_force_keeps_the_former_file_for_its_owner_alone() -> None:
    Path(".env").write_text("precious")
    Path(".env").chmod(0o644)
    backup = EnvFileProbe(Path(".env")).write({"PORT": "1"}, force=True).backup
    assert backup is not None
    assert Path(backup).read_text() == "precious"
    assert stat.S_IMODE(Path(backup).stat().st_mode) == 0o600
    assert "PORT=1\n" in Path(".env").read_text()
    assert names() == sorted([".env", backup])


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("name", ["", ".", "..", "folder"])
def test_a_directory_is_no_file_of_settings(name: str, *, force: bool) -> None:
    Path("folder").mkdir()
    failure = refusal(Path(name), force=force).failure
    assert failure.code is ErrorCode.FILE
    assert failure.cause == "Is a directory"
    assert names() == ["folder"]


@pytest.mark.parametrize("path", ["file/.env", "missing/.env", "/proc/knowctl.env", "x" * 300])
def test_what_can_not_be_written_is_told_with_the_directory(path: str) -> None:
    Path("file").write_text("")
    failure = refusal(Path(path)).failure
    assert (failure.code, failure.exit_code) == (ErrorCode.FILE, ExitCode.FAILED)
    assert failure.cause
    assert "writable" in failure.hint
    assert names() == ["file"]


def test_a_write_that_fails_leaves_the_former_file(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    Path(".env").write_text("precious")
    monkeypatch.setattr(os, "fsync", full)
    assert refusal(Path(".env"), force=True).failure.cause == "No space left on device"
    assert Path(".env").read_text() == "precious"
    assert names() == [".env"]


def test_a_file_that_another_wrote_meanwhile_is_left_to_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def meanwhile(_: int) -> None:
        Path(".env").write_text("theirs")

    monkeypatch.setattr(os, "fsync", meanwhile)
    assert refusal(Path(".env")).failure.code is ErrorCode.EXISTS
    assert Path(".env").read_text() == "theirs"
    assert names() == [".env"]


def test_of_two_writers_one_wins() -> None:
    start = threading.Barrier(2)

    def write(name: str) -> str:
        probe = EnvFileProbe(Path(name))
        start.wait(5)
        try:
            return probe.write({"INSTANCE": name}, force=False).path
        except KnowctlError as error:
            return error.failure.code

    Path("a").mkdir()
    Path("b").symlink_to("a")  # one file by two names, so that only the last step can tell
    with ThreadPoolExecutor(2) as writers:
        said = sorted(writers.map(write, ("a/.env", "b/.env")))
    assert said[1] == ErrorCode.EXISTS
    assert f"INSTANCE={said[0]}\n" in Path("a/.env").read_text()
    assert [path.name for path in Path("a").iterdir()] == [".env"]


def test_the_former_file_has_its_backup_before_the_new_one_takes_its_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[list[str]] = []

    def fails(*_: object) -> None:
        seen.append([Path(name).read_text() for name in names() if ".new-" not in name])
        raise OSError(5, "Input/output error")

    Path(".env").write_text("precious")
    monkeypatch.setattr(Path, "replace", fails)
    assert refusal(Path(".env"), force=True).failure.cause == "Input/output error"
    assert seen == [["precious", "precious"]]
    assert Path(".env").read_text() == "precious"


def test_force_replaces_a_dangling_link_and_keeps_it() -> None:
    Path(".env").symlink_to("nowhere")
    backup = EnvFileProbe(Path(".env")).write({"PORT": "1"}, force=True).backup
    assert backup is not None
    assert Path(backup).readlink() == Path("nowhere")
    assert not Path(".env").is_symlink()
    assert not Path("nowhere").exists()
