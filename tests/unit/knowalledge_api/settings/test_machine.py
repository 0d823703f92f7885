"""Processors, as the container sees them."""

from __future__ import annotations

from pathlib import Path

import pytest

from knowalledge_api.settings.machine import available_cpus


@pytest.mark.parametrize(
    ("limit", "cpus"), [("50000 100000", 1), ("100000 100000", 1), ("1000 100000", 1)]
)
def test_a_quota_counts_rounded_up(tmp_path: Path, limit: str, cpus: int) -> None:
    (tmp_path / "cpu.max").write_text(limit)
    assert available_cpus(tmp_path / "cpu.max", tmp_path) == cpus


def test_the_older_kind_of_quota_counts_too(tmp_path: Path) -> None:
    (tmp_path / "cpu.cfs_quota_us").write_text("20000")
    (tmp_path / "cpu.cfs_period_us").write_text("100000")
    assert available_cpus(tmp_path / "none", tmp_path) == 1


@pytest.mark.parametrize("limit", ["max 100000", "nonsense", "1 0", "99900000 100000", "-1 100000"])
def test_without_a_smaller_quota_the_machine_counts(tmp_path: Path, limit: str) -> None:
    machine = available_cpus(tmp_path / "none", tmp_path / "none")
    (tmp_path / "cpu.max").write_text(limit)
    assert available_cpus(tmp_path / "cpu.max", tmp_path) == machine >= 1
