from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowalledge_api.settings import TABLE
from knowctl.errors import ExitCode, KnowctlError
from knowctl.model.budget import Room, room_of
from knowctl.model.pool import Budget, Sizes
from knowctl.model.sizing import memory_mb
from knowctl.model.tuning import Demand, Machine, Tuning
from knowctl.probes.settings import SettingsProbe
from knowctl.services.tuning import MOST_WORKERS, Given, amount, recommend, tune

GIB = 1 << 30
NOW = Sizes(threads=24, workers=9, size=10, overflow=20, replicas=1, surge=1)
TWO = Demand(Machine(2, 2 * GIB), room_of("postgresql"), NOW, "gunicorn")
KINDS = {row.name: row.kind for row in TABLE}


@dataclass(frozen=True)
class Here:
    """A machine for a test."""

    cpus: int = 2
    memory: int | None = 2 * GIB

    def machine(self) -> Machine:
        return Machine(self.cpus, self.memory)


demands = st.builds(
    Demand,
    machine=st.builds(Machine, st.integers(1, 1000), st.none() | st.integers(0, 1 << 42)),
    room=st.builds(
        Room, st.just("MariaDB"), st.none() | st.integers(1, 5000), st.integers(0, 3), st.booleans()
    ),
    now=st.builds(
        Sizes,
        threads=st.integers(1, 500),
        workers=st.integers(1, 500),
        size=st.integers(1, 1000),
        overflow=st.integers(0, 1000),
        replicas=st.integers(1, 200),
        surge=st.integers(0, 200),
    ),
    server=st.sampled_from(["gunicorn", "waitress"]),
)


def numbers(tuning: Tuning) -> dict[str, int]:
    return {each.name: each.recommended for each in tuning.settings}


def with_memory(demand: Demand, memory: int | None) -> Demand:
    return replace(demand, machine=replace(demand.machine, memory=memory))


def with_connections(demand: Demand, most: int | None) -> Demand:
    return replace(demand, room=replace(demand.room, max_connections=most))


def capacity(demand: Demand) -> tuple[int, int]:
    """Workers, and requests in flight."""
    sizes = recommend(demand).sizes
    return sizes.workers, sizes.workers * sizes.threads


@given(demands)
def test_the_budget_fits_wherever_any_does(demand: Demand) -> None:
    smallest = replace(demand.now, threads=1, workers=1, size=1, overflow=0)
    possible = Budget.of(smallest, demand.room.limit).fits
    assert recommend(demand).budget.fits == possible


@given(demands)
def test_memory_is_enough_for_two_generations_wherever_one_worker_has_it(demand: Demand) -> None:
    there = demand.machine.megabytes
    assert recommend(demand).memory_fits == (None if there is None else there >= memory_mb(1))


@given(demands)
def test_it_is_a_failure_exactly_where_nothing_fits(demand: Demand) -> None:
    tuning = recommend(demand)
    assert (tuning.failure is not None) is (False in {tuning.budget.fits, tuning.memory_fits})


@given(demands)
def test_every_number_is_one_that_its_setting_takes(demand: Demand) -> None:
    for name, value in numbers(recommend(demand)).items():
        assert KINDS[name].read(str(value)) == value


@given(demands)
def test_the_lines_and_the_sizes_say_the_same(demand: Demand) -> None:
    tuning = recommend(demand)
    found, sizes = numbers(tuning), tuning.sizes
    assert found["DB_POOL_SIZE"] == sizes.size
    assert found["DB_MAX_OVERFLOW"] == sizes.overflow
    assert found.get("GUNICORN_WORKERS", 1) == sizes.workers
    assert sizes.threads in {found.get("GUNICORN_THREADS"), found.get("WAITRESS_THREADS")}


@given(demands, st.integers(0, 1 << 42), st.integers(0, 1 << 42))
def test_more_memory_never_means_less(demand: Demand, one: int, two: int) -> None:
    less, more = sorted((one, two))
    assert capacity(with_memory(demand, less)) <= capacity(with_memory(demand, more))
    assert capacity(with_memory(demand, less))[1] <= capacity(with_memory(demand, more))[1]


@given(demands, st.integers(1, 3000), st.integers(1, 3000))
def test_more_connections_never_mean_less(demand: Demand, one: int, two: int) -> None:
    less, more = (with_connections(demand, each) for each in sorted((one, two)))
    assert capacity(less)[0] <= capacity(more)[0]
    assert capacity(less)[1] <= capacity(more)[1]
    assert (
        recommend(less).budget.peak <= recommend(more).budget.peak
        or not recommend(less).budget.fits
    )


def test_no_worker_is_left_without_connections_for_its_threads() -> None:
    assert numbers(recommend(with_connections(TWO, 39))) == {
        "GUNICORN_WORKERS": 3,
        "GUNICORN_THREADS": 24,
        "DB_POOL_SIZE": 6,
        "DB_MAX_OVERFLOW": 0,
    }


@pytest.mark.parametrize(
    ("demand", "workers", "bound_by"),
    [
        (TWO, 5, ("CPUs", "max_connections")),
        (with_memory(TWO, None), 5, ("CPUs", "max_connections")),
        (with_memory(TWO, 512 << 20), 3, ("memory", "max_connections")),
        (with_connections(TWO, 30), 2, ("max_connections", "max_connections")),
        (with_connections(TWO, 1000), 5, ("CPUs", "threads")),
        (with_connections(TWO, None), 5, ("CPUs", "threads")),
        (replace(TWO, server="waitress"), 1, ("waitress", "threads")),
    ],
)
def test_what_binds_is_named(demand: Demand, workers: int, bound_by: tuple[str, str]) -> None:
    found = recommend(demand)
    assert found.sizes.workers == workers
    assert (found.bound_by.workers, found.bound_by.connections) == bound_by


def test_each_number_has_its_reason() -> None:
    assert [each.why for each in recommend(TWO).settings] == [
        "2 x 2 CPUs + 1 = 5; memory: 18; max_connections: 8",
        "as it comes: waiting for the AI takes no connection",
        "97 / 2 servers / 5 workers = 9",
        "none: all stay open",
    ]
    assert [each.why for each in recommend(with_connections(TWO, None)).settings][2:] == [
        "a connection a thread and one more = 25, 10 of them kept open",
        "the rest of 25, opened under load",
    ]
    few = recommend(with_connections(replace(TWO, machine=Machine(1, None)), 7)).settings
    assert [each.why for each in few][:3] == [
        "2 x 1 CPU + 1 = 3; max_connections: 0",
        "4 a connection",
        "4 / 2 servers / 1 worker = 2",
    ]


def test_workers_stay_within_what_the_setting_takes() -> None:
    assert (
        recommend(replace(TWO, machine=Machine(1000, None), room=room_of("sqlite"))).sizes.workers
        == MOST_WORKERS
    )


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("512M", 512 << 20),
        ("2G", 2 * GIB),
        ("2g", 2 * GIB),
        ("1.5GiB", 3 * GIB // 2),
        ("1.5 GB", 3 * GIB // 2),
        ("64Mi", 64 << 20),
        ("1k", 1024),
        ("1T", 1024 * GIB),
        ("1073741824", GIB),
        ("7b", 7),
    ],
)
def test_an_amount_is_read_with_units_of_1024(text: str, number: int) -> None:
    assert amount(text) == number


@pytest.mark.parametrize(
    "text",
    ["0", "0M", "-1", "-1G", "", "G", "1X", "1.G", "nonsense", "1e9", "0.5", "1Gi2", "9" * 99],
)
def test_what_is_no_amount_is_wrong_usage(text: str) -> None:
    with pytest.raises(KnowctlError) as raised:
        amount(text)
    assert raised.value.failure.exit_code is ExitCode.USAGE
    assert raised.value.failure.hint.startswith("--memory 512M")


def test_the_machine_counts_where_nothing_is_given() -> None:
    found = tune(SettingsProbe({}), Here(cpus=3), Given())
    assert found.demand.machine == Machine(3, 2 * GIB)
    assert found.demand.room.database == "SQLite"
    assert "REPLICAS" not in numbers(found)


def test_what_is_given_counts_instead() -> None:
    source = SettingsProbe({"DATABASE_URL": "postgresql://db/app", "REPLICAS": "2"})
    found = tune(source, Here(), Given("4G", 8, 300, 3))
    assert found.demand.machine == Machine(8, 4 * GIB, "--cpus", "--memory")
    assert found.demand.room == Room("PostgreSQL", 300, 3, given=True)
    assert found.budget.generations == 4
    assert numbers(found)["REPLICAS"] == 3
    assert "REPLICAS" not in numbers(tune(source, Here(), Given(replicas=2)))


def test_a_wrong_amount_is_told_before_anything_is_read() -> None:
    with pytest.raises(KnowctlError) as raised:
        tune(SettingsProbe({"DB_POOL_SIZE": "x"}), Here(), Given(memory="x"))
    assert raised.value.failure.exit_code is ExitCode.USAGE
