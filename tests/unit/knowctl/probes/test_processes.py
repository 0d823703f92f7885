from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from knowctl.model.bundle import Process
from knowctl.probes.processes import ProcessesProbe

TICKS, PAGE = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")


def process(proc: Path, pid: int, *words: str, started: int = 10) -> Path:
    place = proc / str(pid)
    place.mkdir(parents=True)
    (place / "cmdline").write_bytes(b"".join(word.encode() + b"\0" for word in words))
    fields = ["S", "1", *"0" * 15, "3", "0", str(started * TICKS), "0", "100", "0"]
    (place / "stat").write_text(f"{pid} (a ) name) {' '.join(fields)}")
    return place


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    proc = tmp_path / "proc"
    (proc / "self").mkdir(parents=True)
    (proc / "net").mkdir()
    return proc


def test_a_process_is_told_with_its_age_and_memory(proc: Path) -> None:
    process(proc, 7, "/x/python", "-m", "knowctl", "serve", started=10)
    [found] = ProcessesProbe(proc, lambda: 25.0).processes().processes
    assert found == Process(7, 1, "S", 3, 15.0, 100 * PAGE, "/x/python -m knowctl serve")


@pytest.mark.parametrize(
    ("words", "ours"),
    [
        (("python", "-m", "knowctl", "serve"), True),
        (("python", "-P", "-m", "knowctl.supervisor.launcher", "gunicorn"), True),
        (("/x/bin/knowctl",), True),
        (("gunicorn", "knowalledge_api.wsgi:application"), True),
        (("vim", "notes-on-knowctl"), False),
        (("pytest", "tests/unit/knowctl/probes"), False),
        ((), False),
    ],
)
def test_ours_are_known_by_what_they_run(proc: Path, words: tuple[str, ...], *, ours: bool) -> None:
    process(proc, 7, *words)
    assert bool(ProcessesProbe(proc).processes().processes) is ours


def test_those_of_other_users_and_those_that_have_ended_are_left_out(proc: Path) -> None:
    process(proc, 7, "knowctl")
    (process(proc, 8, "knowctl") / "stat").unlink()
    (proc / "9").mkdir()
    assert [each.pid for each in ProcessesProbe(proc).processes().processes] == [7]
    assert ProcessesProbe(proc, user=os.geteuid() + 1).processes().processes == ()


def test_where_the_system_keeps_no_such_list_that_is_said(tmp_path: Path) -> None:
    found = ProcessesProbe(tmp_path / "none").processes()
    assert (found.processes, found.unknown) == ((), f"this system has no {tmp_path}/none")


def test_a_real_process_is_found(tmp_path: Path) -> None:
    waits = "import sys; print(flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", waits, "x/knowctl"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, cwd=tmp_path) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdout.readline()  # until then its command line may be that of this process
        found = {each.pid: each for each in ProcessesProbe().processes().processes}
        child.stdin.close()
        child.wait()
    assert found[child.pid].parent == os.getpid()
    assert 0 <= found[child.pid].age_s < 60
    assert found[child.pid].rss_bytes >= 0
