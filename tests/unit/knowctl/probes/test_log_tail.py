from __future__ import annotations

import os
from pathlib import Path

from knowctl.model.bundle import LogTail
from knowctl.probes.log_tail import LogTailProbe


def test_a_short_log_is_told_whole(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"one\ntwo \xff\n")
    assert LogTailProbe(str(path)).tail() == LogTail("one\ntwo \ufffd\n")


def test_of_a_long_log_the_last_whole_lines_are_told(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("".join(f"line {number}\n" for number in range(100)))
    assert LogTailProbe(str(path), 20).tail() == LogTail("line 98\nline 99\n", cut=True)


def test_where_there_is_no_log_that_is_said(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    told = {
        None: "LOG_FILE is not set, and the log went to stderr",
        str(tmp_path / "none"): f"{tmp_path}/none: No such file or directory",
        str(tmp_path / "pipe"): f"{tmp_path}/pipe is no file",
        "/dev/zero": "/dev/zero is no file",
    }
    for path, missing in told.items():
        assert LogTailProbe(path).tail() == LogTail(missing=missing)
