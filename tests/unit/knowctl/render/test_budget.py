from __future__ import annotations

from dataclasses import replace

import pytest

from knowctl.model.budget import ReckonedBudget, room_of
from knowctl.model.pool import Sizes
from knowctl.render.style import Style
from knowctl.render.text import of_result
from tests.conftest import Golden

SIZES = Sizes(threads=24, workers=5, size=10, overflow=20, replicas=1, surge=1)
LARGE = ReckonedBudget("gunicorn", SIZES, room_of("postgresql"))
BOTH = replace(LARGE, sizes=replace(SIZES, workers=50, replicas=2))
POOLER = replace(LARGE, room=room_of("postgresql", "pgbouncer"))
FITS = ReckonedBudget(
    "waitress",
    Sizes(threads=32, workers=1, size=10, overflow=20, replicas=1, surge=0),
    room_of("postgresql", given=200),
)
SQLITE = replace(LARGE, room=room_of("sqlite"))


@pytest.mark.parametrize(
    ("name", "reckoned"),
    [("large", LARGE), ("both", BOTH), ("pooler", POOLER), ("fits", FITS), ("sqlite", SQLITE)],
)
def test_a_budget_reads_as_it_should(golden: Golden, name: str, reckoned: ReckonedBudget) -> None:
    text = of_result(reckoned, Style())
    golden(f"{text}\n", f"sizes/budget-{name}.txt")
    assert max(map(len, text.splitlines())) <= 80
    assert of_result(reckoned, Style(unicode=False)).isascii()


def test_a_budget_that_does_not_fit_is_red() -> None:
    assert "\x1b[31m✖\x1b[0m budget" in of_result(LARGE, Style(color=True))


def test_a_pool_that_is_smaller_than_the_threads_says_so() -> None:
    assert "(90 at most; other threads wait)" in of_result(LARGE, Style())
