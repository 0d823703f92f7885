from __future__ import annotations

from knowctl.model.bundle import LogTail, Processes, Versions


def test_what_goes_into_a_bundle_is_no_failure() -> None:
    for each in (Versions("1", "CPython 3.12", "Linux", {}), Processes((), "no /proc")):
        assert each.failure is None
        assert each.data is each


def test_a_log_is_whole_until_it_is_said_to_be_cut() -> None:
    assert LogTail("x") == LogTail("x", missing="", cut=False)
