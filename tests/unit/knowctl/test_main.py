from __future__ import annotations

import sys

import pytest

from knowctl import __version__
from knowctl.__main__ import run


def test_the_process_ends_with_the_exit_code_of_its_command_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["knowctl", "frobnicate"])
    with pytest.raises(SystemExit) as ended:
        run()
    assert ended.value.code == 2
    assert capsys.readouterr().out == ""


def test_the_program_name_is_no_argument(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["frobnicate", "--version"])
    with pytest.raises(SystemExit) as ended:
        run()
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"knowctl {__version__}\n"


def test_without_what_every_command_needs_it_says_so_in_three_lines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["knowctl", "env", "check"])
    monkeypatch.delitem(sys.modules, "knowctl.cli")
    monkeypatch.setitem(sys.modules, "typer", None)
    with pytest.raises(SystemExit) as ended:
        run()
    assert ended.value.code == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("✖ the environment is not complete\n")
    assert " -m pip install typer\n" in said.err


def test_ctrl_c_before_anything_is_imported_is_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Interrupting:
        @staticmethod
        def find_spec(*_: object) -> None:
            raise KeyboardInterrupt

    monkeypatch.setattr(sys, "argv", ["knowctl", "health"])
    monkeypatch.delitem(sys.modules, "knowctl.plain")
    monkeypatch.setattr(sys, "meta_path", [Interrupting])
    with pytest.raises(SystemExit) as ended:
        run()
    assert ended.value.code == 130
    assert capsys.readouterr().err == ""
