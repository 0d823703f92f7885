"""The memory that this process holds."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from knowalledge_api.live.memory import rss_bytes

LEAST, MOST = 5 * 1024 * 1024, 10 * 1024**3
posix = pytest.mark.skipif(sys.platform == "win32", reason="resource is of POSIX")


@posix
def test_pages_are_told_as_bytes(tmp_path: Path) -> None:
    import os  # noqa: PLC0415 -- sysconf is of POSIX

    (tmp_path / "statm").write_text("100 25 3 1 0 20 0\n")
    assert rss_bytes(tmp_path / "statm") == 25 * os.sysconf("SC_PAGE_SIZE")


@posix
@pytest.mark.parametrize("content", [None, "", "x y"])
def test_without_proc_the_most_there_was_is_told(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "statm").write_text(content)
    most = rss_bytes(tmp_path / "statm")
    assert most is not None
    assert LEAST < most < MOST


def test_this_process_has_a_likely_size() -> None:
    assert LEAST < (rss_bytes() or LEAST + 1) < MOST
