from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest

from knowctl.errors import ErrorCode, ExitCode, KnowctlError
from knowctl.probes.live import LiveProbe, find_live, nobody


def values(**changed: object) -> dict[str, Any]:
    return {"instance": "5000", "knowctl_run_dir": None, **changed}


def never(_name: str, _detail: str) -> None:
    raise AssertionError("nothing is to be said")


@pytest.mark.parametrize("instance", [None, "7"])
def test_where_nobody_serves_the_failure_names_the_places(
    tmp_path: Path, instance: str | None
) -> None:
    environ = {"XDG_RUNTIME_DIR": str(tmp_path)}
    with pytest.raises(KnowctlError) as raised:
        find_live(values(), environ, instance, never)
    failure = raised.value.failure
    assert (failure.code, failure.exit_code) == (ErrorCode.NO_SERVER, ExitCode.FAILED)
    assert (failure.message, failure.hint) == ("no server runs here", "knowctl serve")
    name = instance or "5000"
    own = Path(tempfile.gettempdir()) / f"knowctl-{os.geteuid()}" / name
    assert failure.cause == (f"no supervisor listens in {tmp_path}/knowctl/{name} or {own}")


def test_a_directory_that_was_named_is_the_only_place(tmp_path: Path) -> None:
    named = tmp_path / "a"
    with pytest.raises(KnowctlError) as raised:
        find_live(values(knowctl_run_dir=str(named)), {}, None, never)
    assert raised.value.failure == nobody(named).failure


def test_a_record_that_is_none_names_process_0(tmp_path: Path) -> None:
    probe = LiveProbe(tmp_path)
    assert (probe.record().pid, probe.record().instance) == (0, tmp_path.name)
    (tmp_path / "supervisor.json").write_text('{"pid": "x"}')
    assert probe.record().pid == 0
    (tmp_path / "supervisor.json").write_text('{"pid": 7, "since": 1.5}')
    assert (probe.record().pid, probe.record().since) == (7, 1.5)


def test_time_is_that_of_the_epoch(tmp_path: Path) -> None:
    assert abs(LiveProbe(tmp_path).now() - time.time()) < 60


def test_a_supervisor_is_gone_when_its_process_is(tmp_path: Path) -> None:
    probe = LiveProbe(tmp_path)
    assert probe.is_gone(0)
    assert not probe.is_gone(os.getpid())
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait(30)
    assert probe.is_gone(process.pid)


@pytest.mark.skipif(not Path("/proc").exists(), reason="only Linux tells by /proc")
def test_a_process_that_nobody_fetched_is_gone_too(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "pass"], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.read()
        stat = Path(f"/proc/{process.pid}/stat")
        while not stat.read_text().rpartition(")")[2].lstrip().startswith("Z"):
            continue
        assert LiveProbe(tmp_path).is_gone(process.pid)
