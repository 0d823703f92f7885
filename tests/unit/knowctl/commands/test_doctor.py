from __future__ import annotations

import json
import stat
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.unit.knowctl.conftest import Run

if TYPE_CHECKING:
    import pytest


def findings(out: str) -> dict[str, Any]:
    return {each["id"]: each for each in json.loads(out)["data"]["findings"]}


def test_everything_is_judged_in_one_report(run: Run) -> None:
    said = run("doctor", "-o", "json")
    found = findings(said.out)
    assert said.err == ""
    assert {"KC101", "KC210", "KC310", "KC520", "KC601"} <= set(found)
    assert "KC330" not in found
    assert found["KC313"]["outcome"] == "fail"  # nothing has migrated the database yet
    assert said.code == 1
    assert run("db", "init").code == 0
    assert findings(run("doctor", "-o", "json").out)["KC313"]["outcome"] == "pass"


def test_live_what_asks_is_judged_too(run: Run) -> None:
    found = findings(run("doctor", "--live", "-o", "json").out)
    assert {"KC330", "KC410", "KC522"} <= set(found)
    assert run("doctor", "--select", "KC330").code == 2


def test_a_bundle_is_a_private_archive_and_nothing_is_said_on_stdout_but_findings(run: Run) -> None:
    said = run("doctor", "--bundle", "b.tar.gz", "--select", "KC101")
    assert said.code == 0
    assert said.out.startswith("✔ KC101 ")
    assert said.err.startswith("✔ bundle         b.tar.gz: 6 files, for this user alone")
    assert stat.S_IMODE(Path("b.tar.gz").stat().st_mode) == 0o600
    with tarfile.open("b.tar.gz") as archive:
        report = archive.extractfile("b/report.json")
        assert report is not None
        assert "KC601" in findings(report.read().decode())


def test_a_bundle_is_never_written_over(run: Run) -> None:
    Path("b.tar.gz").touch()
    said = run("doctor", "--bundle", "b.tar.gz")
    assert (said.code, said.out) == (4, "")
    assert Path("b.tar.gz").read_bytes() == b""


def test_settings_that_can_not_be_used_leave_a_bundle_all_the_same(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORT", "x")
    said = run("doctor", "--bundle", "b.tar.gz", "-o", "json")
    assert said.code == 1
    assert findings(said.out)["KC601"]["cause"] == "needs KC103"
    assert Path("b.tar.gz").exists()


def test_a_log_that_can_not_be_opened_is_to_blame_for_an_application_that_does_not_start(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOG_FILE", "nowhere/log")
    found = findings(run("doctor", "--bundle", "b.tar.gz", "-o", "json").out)
    assert found["KC524"]["outcome"] == "fail"
    assert found["KC601"]["cause"] == "needs KC524"
    with tarfile.open("b.tar.gz") as archive:
        assert "b/log.txt" not in archive.getnames()
