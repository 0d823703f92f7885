from __future__ import annotations

import pytest

from tests.unit.knowctl.conftest import Run


@pytest.mark.parametrize("seconds", ["0", "-1", "3601", "soon"])
def test_the_time_for_new_code_is_bounded(run: Run, seconds: str) -> None:
    said = run("reload", "--timeout", seconds)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("✖ knowctl reload: wrong usage")
