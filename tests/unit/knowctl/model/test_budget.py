from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowctl.errors import ExitCode
from knowctl.model.budget import ReckonedBudget, Room, proposal, room_of
from knowctl.model.pool import Budget, Sizes

SIZES = Sizes(threads=24, workers=5, size=10, overflow=20, replicas=1, surge=1)
POSTGRESQL = room_of("postgresql")
NAMES = {"DB_POOL_SIZE": "size", "DB_MAX_OVERFLOW": "overflow", "GUNICORN_WORKERS": "workers"}

all_sizes = st.builds(
    Sizes,
    threads=st.integers(1, 500),
    workers=st.integers(1, 500),
    size=st.integers(1, 1000),
    overflow=st.integers(0, 1000),
    replicas=st.integers(1, 1000),
    surge=st.integers(0, 1000),
)
rooms = st.builds(
    Room, st.just("MariaDB"), st.none() | st.integers(1, 100_000), st.integers(0, 3), st.booleans()
)


def with_changes(sizes: Sizes, settings: dict[str, int]) -> Sizes:
    return replace(sizes, **{NAMES[name]: value for name, value in settings.items()})


@pytest.mark.parametrize(
    ("scheme", "pooler", "given", "room"),
    [
        ("postgresql+psycopg2", "none", None, Room("PostgreSQL", 100, 3)),
        ("postgres", "none", 50, Room("PostgreSQL", 50, 3, given=True)),
        ("postgresql", "pgbouncer", None, Room("PgBouncer", 100)),
        ("postgresql", "pgbouncer", 9, Room("PgBouncer", 9, 0, given=True)),
        ("mysql", "none", None, Room("MySQL", 151)),
        ("mariadb+pymysql", "pgbouncer", None, Room("MariaDB", 151)),
        ("sqlite", "none", None, Room("SQLite", None)),
        ("sqlite", "none", 7, Room("SQLite", 7, 0, given=True)),
    ],
)
def test_there_is_room_as_somebody_says_or_as_the_database_comes(
    scheme: str, pooler: str, given: int | None, room: Room
) -> None:
    assert room_of(scheme, pooler, given) == room


def test_what_administrators_have_is_not_for_this_product() -> None:
    assert POSTGRESQL.limit == 97
    assert room_of("postgresql", given=2).limit == 0
    assert room_of("sqlite").limit is None


def test_a_pooler_calls_its_limit_otherwise() -> None:
    assert POSTGRESQL.setting == "max_connections"
    assert room_of("postgresql", "pgbouncer").setting == "max_client_conn"


def test_a_smaller_pool_or_fewer_workers_are_proposed() -> None:
    found = proposal(SIZES, POSTGRESQL)
    assert found
    assert list(map(str, found.changes)) == [
        "DB_POOL_SIZE=9 DB_MAX_OVERFLOW=0",
        "GUNICORN_WORKERS=1",
    ]
    assert [each.peak for each in found.changes] == [90, 50]
    assert found.max_connections == 250 + 3


def test_both_are_proposed_where_neither_is_enough() -> None:
    found = proposal(replace(SIZES, workers=20), room_of("mariadb", given=30))
    assert found
    assert list(map(str, found.changes)) == ["GUNICORN_WORKERS=1 DB_POOL_SIZE=10 DB_MAX_OVERFLOW=5"]


def test_nothing_is_proposed_where_no_number_is_small_enough() -> None:
    found = proposal(replace(SIZES, replicas=9), room_of("mariadb", given=9))
    assert found
    assert found.changes == ()


@given(all_sizes, rooms)
def test_what_is_proposed_fits_and_is_the_largest_that_does(sizes: Sizes, room: Room) -> None:
    found = proposal(sizes, room)
    for change in found.changes if found else ():
        better = with_changes(sizes, dict(change.settings))
        budget = Budget.of(better, room.limit)
        assert budget.fits
        assert budget.peak == change.peak
        if "DB_POOL_SIZE" in change.settings:
            assert (
                Budget.of(replace(better, overflow=better.overflow + 1), room.limit).fits is False
            )
        else:
            assert Budget.of(replace(better, workers=better.workers + 1), room.limit).fits is False


@given(all_sizes, rooms)
def test_something_is_proposed_exactly_where_it_does_not_fit(sizes: Sizes, room: Room) -> None:
    found, budget = proposal(sizes, room), Budget.of(sizes, room.limit)
    assert (found is None) is (budget.fits is not False)
    if found:
        smallest = replace(sizes, workers=1, size=1, overflow=0)
        assert bool(found.changes) is bool(Budget.of(smallest, room.limit).fits)
        enough = replace(room, max_connections=found.max_connections)
        assert Budget.of(sizes, enough.limit).fits
        assert not Budget.of(sizes, (enough.limit or 0) - 1).fits


def test_a_budget_that_does_not_fit_is_a_failure_with_the_next_thing_to_type() -> None:
    failure = ReckonedBudget("gunicorn", SIZES, POSTGRESQL).failure
    assert failure
    assert failure.exit_code is ExitCode.FAILED
    assert failure.cause == "250 at most, room for 97"
    assert failure.hint == "DB_POOL_SIZE=9 DB_MAX_OVERFLOW=0"


def test_where_no_change_is_enough_the_database_has_to_have_more() -> None:
    none = ReckonedBudget("gunicorn", SIZES, room_of("postgresql", given=4))
    assert none.failure
    assert none.failure.hint == "max_connections = 253 in PostgreSQL"


@pytest.mark.parametrize("scheme", ["sqlite", "postgresql"])
def test_a_budget_that_fits_is_none(scheme: str) -> None:
    sizes = replace(SIZES, workers=1)
    assert ReckonedBudget("gunicorn", sizes, room_of(scheme)).failure is None


def test_the_shape_is_the_one_that_others_rely_on() -> None:
    data = ReckonedBudget("gunicorn", SIZES, POSTGRESQL).data
    assert isinstance(data, dict)
    assert data["budget"] == {
        "per_worker": 25,
        "workers": 5,
        "generations": 2,
        "replicas": 1,
        "peak": 250,
        "limit": 97,
        "fits": False,
    }
    assert data["proposal"].max_connections == 253
    assert data["room"] == {
        "database": "PostgreSQL",
        "max_connections": 100,
        "reserved": 3,
        "given": False,
        "limit": 97,
    }
