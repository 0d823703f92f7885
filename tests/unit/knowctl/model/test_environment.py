from __future__ import annotations

import pytest

from knowctl.model.environment import Need
from tests.support.environments import PYTHON, environment_facts


@pytest.mark.parametrize(
    ("installed", "allowed", "holds"),
    [("2", True, True), ("1", False, False), (None, False, False)],
)
def test_a_need_holds_where_it_is_there_at_an_allowed_version(
    installed: str | None, *, allowed: bool, holds: bool
) -> None:
    assert Need("x", "x>=2", "y", installed, allowed).holds is holds


def test_pip_is_the_environments_own() -> None:
    assert environment_facts().pip == f"{PYTHON} -m pip"
