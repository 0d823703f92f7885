from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from gunicorn.config import WorkerConnections

from knowctl.checks import machine
from knowctl.model.findings import Outcome
from knowctl.model.machine import MachineFacts, Place, ThreadLimit
from knowctl.supervisor import waitress_server
from tests.support.live_checking import MIB, SIZES, host_facts, judged_machine

GIB = 1024 * MIB


def files(limit: int | None) -> dict[str, Any]:
    return {"machine": MachineFacts(limit, (), ())}


def room(limit: int) -> dict[str, Any]:
    return {"machine": MachineFacts(None, (ThreadLimit("pids.max", limit, 100),), ())}


def place(
    trouble: str = "", *, missing: bool = False, free: int = 50, size: int = 100
) -> dict[str, Any]:
    found = Place("/srv", "LOG_FILE", trouble, missing, free * MIB, size * MIB)
    return {"machine": MachineFacts(None, (), (found,))}


FAULTS = [
    (
        "KC520",
        files(256),
        "may have to have 1117 (1000 clients, 25 to the database, 28",
        "ulimit -n 2048",
        files(2048),
    ),
    (
        "KC521",
        room(400),
        "pids.max is 400, 100 are there, and a reload has 303",
        "raise it to 512",
        room(512),
    ),
    (
        "KC521",
        room(400),
        "2 x 5 workers x 30",
        "GUNICORN_WORKERS lower",
        {**room(400), "sizes": replace(SIZES, workers=4)},
    ),
    (
        "KC523",
        place(free=199, size=1000),
        "/srv has 199 MiB left (20 %)",
        "du -xh -d1 /srv",
        place(free=200, size=1000),
    ),
    (
        "KC523",
        place(free=400, size=10000),
        "400 MiB left (4 %)",
        "move LOG_FILE",
        place(free=500, size=10000),
    ),
    ("KC524", place("Permission denied"), "/srv: Permission denied", "ls -ld /srv", place()),
    ("KC524", place("No space left on device", free=0), "/srv: No space", "df -h /srv", place()),
    ("KC524", place("No such file", missing=True), "No such file", "mkdir -p /srv", place()),
]


@pytest.mark.parametrize(("name", "fires", "cause", "hint", "after"), FAULTS)
def test_a_fault_is_found_named_and_healed_by_its_own_hint(
    name: str, fires: dict[str, Any], cause: str, hint: str, after: dict[str, Any]
) -> None:
    [finding] = judged_machine(host_facts(**fires), name)
    assert finding.outcome is Outcome.FAIL
    assert cause in finding.cause
    assert hint in finding.hint
    assert [each.outcome for each in judged_machine(host_facts(**after), name)] == [Outcome.PASS]


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("KC520", files(None)),
        ("KC520", {**files(1089), "redis": False}),
        ("KC523", place(free=20 * 1024, size=10000 * 1024)),
        ("KC523", place(free=0, size=0)),
    ],
)
def test_what_is_near_to_a_fault_is_none(name: str, changed: dict[str, Any]) -> None:
    assert [each.outcome for each in judged_machine(host_facts(**changed), name)] == [Outcome.PASS]


def test_where_nothing_limits_threads_that_is_said() -> None:
    [finding] = judged_machine(host_facts(), "KC521")
    assert (finding.outcome, finding.cause) == (Outcome.SKIPPED, "no limit here")


def test_the_servers_take_as_many_clients_as_is_reckoned_with() -> None:
    assert {
        "gunicorn": WorkerConnections.default,
        "waitress": waitress_server.CONNECTIONS,
    } == machine.CONNECTIONS
