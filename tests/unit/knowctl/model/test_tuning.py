from __future__ import annotations

from dataclasses import replace

from knowctl.model.budget import room_of
from knowctl.model.pool import Sizes
from knowctl.model.tuning import Binding, Demand, Machine, Recommendation, Tuning

SIZES = Sizes(threads=24, workers=2, size=10, overflow=15, replicas=1, surge=0)
DEMAND = Demand(Machine(2, 1 << 30), room_of("postgresql"), SIZES, "gunicorn")
TUNING = Tuning(
    DEMAND,
    replace(SIZES, workers=1),
    (Recommendation("GUNICORN_WORKERS", 2, 1, "why"), Recommendation("DB_POOL_SIZE", 5, 10, "so")),
    Binding("memory", "threads"),
)


def with_machine(memory: int | None) -> Tuning:
    return replace(TUNING, demand=replace(DEMAND, machine=Machine(2, memory)))


def test_the_lines_for_the_file_are_what_is_recommended() -> None:
    assert TUNING.env == "GUNICORN_WORKERS=1\nDB_POOL_SIZE=10"


def test_one_process_serves_all_with_waitress_alone() -> None:
    assert replace(DEMAND, server="waitress").waitress
    assert not DEMAND.waitress


def test_memory_fits_does_not_fit_or_is_not_known() -> None:
    assert TUNING.memory_mb == 220
    assert with_machine(220 << 20).memory_fits is True
    assert with_machine((220 << 20) - 1).memory_fits is False
    assert with_machine(None).memory_fits is None


def test_where_all_fits_nothing_fails() -> None:
    assert TUNING.failure is None
    assert with_machine(None).failure is None


def test_too_little_memory_for_one_worker_is_a_failure() -> None:
    failure = with_machine(1 << 20).failure
    assert failure
    assert failure.cause == "one worker and its successor take 220 MB, and there are 1"


def test_too_few_connections_for_one_worker_are_a_failure() -> None:
    failure = replace(TUNING, demand=replace(DEMAND, room=room_of("mysql", given=9))).failure
    assert failure
    assert failure.cause == "50 connections at least, room for 9"
    assert "--max-connections" in failure.hint


def test_the_data_hold_all_that_it_was_made_from() -> None:
    data = TUNING.data
    assert isinstance(data, dict)
    assert data["settings"] == TUNING.settings
    assert data["memory"] == {"needed_mb": 220, "fits": True}
    assert data["budget"]["fits"] is True
    assert data["room"]["limit"] == 97
    assert data["env"] == TUNING.env
