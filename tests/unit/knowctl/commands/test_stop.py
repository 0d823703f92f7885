from __future__ import annotations

import pytest

from tests.unit.knowctl.conftest import Run


@pytest.mark.parametrize("seconds", ["-1", "86401", "soon"])
def test_the_time_to_wait_is_bounded(run: Run, seconds: str) -> None:
    said = run("stop", "--timeout", seconds)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("✖ knowctl stop: wrong usage")
