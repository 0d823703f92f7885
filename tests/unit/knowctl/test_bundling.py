from __future__ import annotations

from pathlib import Path

from knowctl.bundling import sources
from knowctl.model.bundle import LogTail, Processes
from knowctl.probes.settings import SettingsProbe
from tests.support import canaries
from tests.unit.knowctl.conftest import Talked


def test_all_sources_are_of_the_settings_and_their_secrets_are_taken_out(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("one\n")
    settings = SettingsProbe(canaries.environment(LOG_FILE=str(log)))
    ports = sources(tmp_path / "b.tar.gz", settings, lambda: Processes(()), Talked())
    assert ports.log() == LogTail("one\n")
    assert {each.name: each.value for each in ports.settings().settings}["LOG_FILE"] == str(log)
    assert "knowctl" in ports.versions().packages
    assert ports.processes().unknown == ""
    told = " ".join(canaries.environment().values())
    assert canaries.leaks(told) != []
    assert canaries.leaks(ports.redacted(told)) == []
    assert ports.redacted("https://somebody:else@host") == "https://********@host"
    ports.archive.require()
