"""Plans, and what was written, as text."""

from __future__ import annotations

from knowctl.model.results import Plan, WrittenFile
from knowctl.render.style import Style
from knowctl.render.text import of_result, of_step


@of_result.register
def _(plan: Plan, style: Style) -> str:
    return "\n".join(f"{style.glyph('→')} {step.name:<9} {step.detail}" for step in plan.steps)


@of_result.register
def _(written: WrittenFile, style: Style) -> str:
    text = of_step("written", f"{written.path}: {written.what}", style)
    return (
        f"{text}\n{style.indented(f'the former file is {written.backup}')}"
        if written.backup
        else text
    )
