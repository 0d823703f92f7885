from __future__ import annotations

from knowctl.model.results import Step
from knowctl.model.virtual_environment import MadeEnvironment


def test_what_was_made_is_no_failure_and_tells_its_steps() -> None:
    made = MadeEnvironment(".venv", (Step("create", ".venv"),))
    assert made.failure is None
    assert made.data is made
