from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest

from knowctl.supervisor.gently import NICENESS, gently

linux = pytest.mark.skipif(sys.platform != "linux", reason="threads have no priority of their own")


def priority() -> int:
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


@linux
def test_work_has_a_low_priority_and_its_process_keeps_its_own() -> None:
    before = priority()
    assert gently(priority) == NICENESS
    assert priority() == before


def test_what_goes_wrong_in_it_is_raised_here() -> None:
    def fails() -> None:
        sys.exit(3)

    with pytest.raises(SystemExit) as raised:
        gently(fails)
    assert raised.value.code == 3


def test_elsewhere_it_is_simply_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "other")
    assert gently(threading.current_thread) is threading.current_thread()


@linux
def test_a_program_is_run_with_its_arguments() -> None:
    command = [sys.executable, "-m", "knowctl.supervisor.gently", "timeit", "-n", "1", "-r", "1"]
    told = "import os, sys; print(os.nice(0), sys.argv)"
    said = subprocess.run([*command, told], capture_output=True, text=True, check=True).stdout
    assert said.startswith("10 ['")
    assert "'-n', '1'" in said
