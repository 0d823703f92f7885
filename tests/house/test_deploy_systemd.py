"""The unit files hold to what the server needs of systemd, which reads them itself."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

from knowctl.checks.serving import STOP_SECONDS
from tests.support.configuration import settings_of
from tests.support.rooms import ROOT
from tests.support.servers import unavailable

UNITS: Final = ROOT / "deploy" / "systemd"
EXPOSURE: Final = 15
"""The most that `systemd-analyze security` may find, in tenths of its scale from 0 to 10."""


def section(unit: str, name: str) -> dict[str, str]:
    """A section of a unit; what comes again, as systemd's lists do, is joined by blanks."""
    lines = (UNITS / unit).read_text("utf-8").partition(f"[{name}]\n")[2].splitlines()
    found: dict[str, str] = {}
    for line in lines:
        if line.startswith("["):
            break
        if line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found[key] = f"{found[key]} {value}" if key in found else value
    return found


def service() -> dict[str, str]:
    return section("knowalledge.service", "Service")


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The units as a machine has them, with a program that there is."""
    for unit in UNITS.iterdir():
        text = unit.read_text("utf-8")
        program = service()["ExecStart"].split()[0]
        (tmp_path / unit.name).write_text(text.replace(program, "/bin/true"))
    return tmp_path


def analyze(*words: str, cwd: Path) -> tuple[int, str]:
    program = shutil.which("systemd-analyze")
    if program is None:
        unavailable("no systemd: systemd-analyze is not on PATH (apt install systemd)")
    done = subprocess.run(
        [str(program), *words], cwd=cwd, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stderr


def test_systemd_understands_every_line(installed: Path) -> None:
    units = sorted(f"./{unit.name}" for unit in installed.iterdir())
    assert units == ["./knowalledge.service", "./knowalledge.socket"]
    assert analyze("verify", "--man=no", *units, cwd=installed) == (0, "")


def test_a_line_that_systemd_does_not_understand_is_found(installed: Path) -> None:
    unit = installed / "knowalledge.socket"
    unit.write_text(unit.read_text().replace("Backlog", "Backlogg"))
    assert "Backlogg" in analyze("verify", "--man=no", "./knowalledge.socket", cwd=installed)[1]


def test_the_service_is_exposed_to_little(installed: Path) -> None:
    words = ("security", "--offline=true", f"--threshold={EXPOSURE}", "./knowalledge.service")
    assert analyze(*words, cwd=installed)[0] == 0


def test_systemd_waits_as_long_as_the_check_says() -> None:
    assert int(service()["TimeoutStopSec"]) == STOP_SECONDS


def test_the_supervisor_alone_is_told_to_stop() -> None:
    assert (service()["KillMode"], service()["Type"]) == ("mixed", "notify")


def test_the_server_runs_as_nobody_else() -> None:
    assert service()["User"] == "knowalledge"
    assert service()["NoNewPrivileges"] == "true"


def test_the_run_directory_is_the_one_that_systemd_makes() -> None:
    environ = dict(each.split("=", 1) for each in service()["Environment"].split())
    assert environ["KNOWCTL_RUN_DIR"] == f"/run/{service()['RuntimeDirectory']}"
    assert service()["RuntimeDirectoryMode"] == "0700"


def test_the_socket_is_on_the_port_that_knowctl_asks() -> None:
    assert int(section("knowalledge.socket", "Socket")["ListenStream"]) == settings_of().port
