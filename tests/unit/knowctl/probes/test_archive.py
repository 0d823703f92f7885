from __future__ import annotations

import os
import stat
import tarfile
from pathlib import Path

import pytest

from knowctl.errors import ErrorCode, ExitCode, KnowctlError
from knowctl.probes.archive import ArchiveProbe


def test_an_archive_is_for_its_owner_alone_and_holds_what_it_was_given(tmp_path: Path) -> None:
    path = tmp_path / "support.tar.gz"
    mask = os.umask(0)
    try:
        written = ArchiveProbe(path, lambda: 7.0).write(
            {"a.json": "{}", "log.txt": "é\udcff" * 2000}
        )
    finally:
        os.umask(mask)
    assert written.path == str(path)
    assert written.what == "2 files, for this user alone"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with tarfile.open(path) as archive:
        found = {each.name: each for each in archive.getmembers()}
        assert set(found) == {"support/a.json", "support/log.txt"}
        assert {(each.mode, each.mtime) for each in found.values()} == {(0o600, 7)}
        content = archive.extractfile("support/log.txt")
        assert content is not None
        assert content.read().decode() == "é?" * 2000


def test_what_is_there_is_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "b.tar.gz"
    path.symlink_to(tmp_path / "nothing")
    probe = ArchiveProbe(path)
    for act in (probe.require, lambda: probe.write({})):
        with pytest.raises(KnowctlError, match="already there") as refused:
            act()
        assert refused.value.failure.code is ErrorCode.EXISTS
        assert refused.value.failure.exit_code == ExitCode.REFUSED
    assert not (tmp_path / "nothing").exists()


def test_a_place_that_is_not_there_is_told_beforehand(tmp_path: Path) -> None:
    probe = ArchiveProbe(tmp_path / "no" / "b.tar.gz")
    for act in (probe.require, lambda: probe.write({})):
        with pytest.raises(KnowctlError, match="can't be written") as refused:
            act()
        assert refused.value.failure.hint.endswith("--bundle /tmp/bundle.tar.gz")


def test_a_place_that_may_not_be_written_to_is_told_beforehand(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write anywhere")
    tmp_path.chmod(0o500)
    with pytest.raises(KnowctlError, match="can't be written"):
        ArchiveProbe(tmp_path / "b.tar.gz").require()


def test_half_an_archive_is_not_left_behind(tmp_path: Path) -> None:
    def fail() -> float:
        raise OSError(28, "No space left on device")

    path = tmp_path / "b.tar.gz"
    with pytest.raises(KnowctlError) as refused:
        ArchiveProbe(path, fail).write({"a": "b"})
    assert refused.value.failure.cause == "No space left on device"
    assert list(tmp_path.iterdir()) == []


def test_where_there_is_room_nothing_is_said(tmp_path: Path) -> None:
    ArchiveProbe(tmp_path / "b.tar.gz").require()
    assert list(tmp_path.iterdir()) == []
