from __future__ import annotations

import os
from pathlib import Path

import pytest

from knowalledge_api.settings.machine import available_cpus
from knowctl.model.tuning import Machine
from knowctl.probes.machine import MachineProbe, _total

TOTAL = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def test_without_a_container_the_machine_counts(tmp_path: Path) -> None:
    found = MachineProbe((tmp_path / "none",)).machine()
    assert found == Machine(available_cpus(), TOTAL, memory_from="this machine")


@pytest.mark.parametrize("place", [0, 1])
def test_the_limit_of_a_container_counts_in_either_kind_of_cgroup(
    tmp_path: Path, place: int
) -> None:
    paths = (tmp_path / "memory.max", tmp_path / "memory.limit_in_bytes")
    paths[place].write_text("1048576\n")
    found = MachineProbe(paths).machine()
    assert (found.memory, found.memory_from) == (1048576, "the container's limit")


@pytest.mark.parametrize("limit", ["max\n", "nonsense", "", "9223372036854771712"])
def test_a_limit_that_is_none_leaves_the_machine(tmp_path: Path, limit: str) -> None:
    (tmp_path / "memory.max").write_text(limit)
    found = MachineProbe((tmp_path / "memory.max",)).machine()
    assert (found.memory, found.memory_from) == (TOTAL, "this machine")


def test_a_platform_that_does_not_tell_leaves_the_limit_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "sysconf")
    assert _total() is None
    assert MachineProbe(()).machine().memory is None
    (tmp_path / "memory.max").write_text("1048576")
    assert MachineProbe((tmp_path / "memory.max",)).machine().memory == 1048576
