from __future__ import annotations

import pytest

from knowctl.model.results import Plan, Step, Where


@pytest.mark.parametrize(
    ("where", "text"),
    [
        (Where("a.env", 3, "PORT"), "a.env:3"),
        (Where("a.env", None, "PORT"), "a.env"),
        (Where(variable="PORT"), "PORT"),
        (Where(), ""),
    ],
)
def test_a_place_is_written_as_closely_as_it_is_known(where: Where, text: str) -> None:
    assert str(where) == text


def test_a_plan_succeeds_and_is_its_own_data() -> None:
    plan = Plan((Step("bind", "x"),))
    assert plan.failure is None
    assert plan.data is plan
