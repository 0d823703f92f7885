from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowctl.model.sizing import memory_mb, usual_limit, workers_within


@pytest.mark.parametrize(
    ("scheme", "limit"),
    [
        ("postgresql", 97),
        ("postgres", 97),
        ("postgresql+psycopg2", 97),
        ("mysql", 151),
        ("mariadb+pymysql", 151),
        ("sqlite", None),
    ],
)
def test_a_database_server_has_as_many_connections_as_it_comes_with(
    scheme: str, limit: int | None
) -> None:
    assert usual_limit(scheme) == limit


def test_a_reload_takes_the_memory_of_two_generations() -> None:
    assert memory_mb(1) == 10 + 2 * 105
    assert memory_mb(5) == 10 + 2 * (105 + 4 * 40)


@given(st.integers(0, 1 << 40))
def test_as_many_workers_are_within_a_memory_as_it_holds(megabytes: int) -> None:
    workers = workers_within(megabytes)
    assert workers == 0 or memory_mb(workers) <= megabytes
    assert memory_mb(workers + 1) > megabytes
