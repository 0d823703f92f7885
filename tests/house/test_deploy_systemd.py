"""The unit file holds to what the server needs of systemd."""

from __future__ import annotations

from configparser import ConfigParser

from knowctl.checks.serving import STOP_SECONDS
from tests.support.rooms import ROOT


def service() -> dict[str, str]:
    parser = ConfigParser(interpolation=None, strict=True)
    parser.optionxform = str  # type: ignore[assignment, method-assign]  # names keep their case
    parser.read(ROOT / "deploy/systemd/knowalledge.service", "utf-8")
    return dict(parser["Service"])


def test_systemd_waits_as_long_as_the_check_says() -> None:
    assert int(service()["TimeoutStopSec"]) == STOP_SECONDS


def test_the_supervisor_alone_is_told_to_stop() -> None:
    assert (service()["KillMode"], service()["Type"]) == ("mixed", "notify")


def test_the_server_runs_as_nobody_else() -> None:
    assert service()["User"] == "knowalledge"
    assert service()["NoNewPrivileges"] == "true"
