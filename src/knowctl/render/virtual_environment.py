"""A virtual environment that was made, as text for a person."""

from __future__ import annotations

from knowctl.model.virtual_environment import MadeEnvironment
from knowctl.render.style import Style
from knowctl.render.text import of_result, of_step


@of_result.register
def _(made: MadeEnvironment, style: Style) -> str:
    if not made.steps:
        return of_step("environment", f"{made.path}: nothing to do", style)
    lines = [of_step("environment", f"{made.path}: as it is locked", style)]
    hint = f"{style.glyph('→')} . {made.path}/bin/activate"
    return "\n".join((*lines, style.paint(style.indented(hint), "cyan")))
