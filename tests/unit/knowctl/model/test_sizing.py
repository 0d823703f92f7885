from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowctl.model.sizing import memory_mb, most_workers, usual_limit


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


@given(st.floats(0, 1_000_000))
def test_as_many_workers_as_the_memory_holds(memory: float) -> None:
    most = most_workers(memory)
    assert most == 1 or memory_mb(most) <= memory
    assert memory_mb(most + 1) > memory
