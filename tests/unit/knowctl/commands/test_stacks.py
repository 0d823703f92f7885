from __future__ import annotations

import pytest

from tests.unit.knowctl.conftest import Run


@pytest.mark.parametrize("worker", ["0", "-1", "x", ""])
def test_a_worker_is_named_by_a_process_id(run: Run, worker: str) -> None:
    said = run("stacks", "--worker", worker)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("✖ knowctl stacks: wrong usage")
