from __future__ import annotations

from knowctl.model.results import Step
from knowctl.model.virtual_environment import MadeEnvironment
from knowctl.render import virtual_environment  # noqa: F401 -- it registers its noun
from knowctl.render.style import Style
from knowctl.render.text import of_result

STEPS = (Step("create", ".venv"),)


def test_an_environment_that_was_made_is_told_with_what_activates_it() -> None:
    assert of_result(MadeEnvironment(".venv", STEPS), Style()) == (
        "✔ environment    .venv: as it is locked\n    → . .venv/bin/activate"
    )


def test_one_that_was_as_it_should_be_is_told_in_a_line() -> None:
    said = of_result(MadeEnvironment(".venv", ()), Style())
    assert said == "✔ environment    .venv: nothing to do"
