"""Plans, and what was written, as text."""

from __future__ import annotations

from knowctl.model.results import Plan, WrittenFile
from knowctl.render.style import Style
from knowctl.render.text import of_result, of_step


@of_result.register
def _(plan: Plan, style: Style) -> str:
    if not plan.steps:
        return "nothing to do"
    return "\n".join(f"{style.glyph('→')} {step.name:<9} {step.detail}" for step in plan.steps)


@of_result.register
def _(written: WrittenFile, style: Style) -> str:
    detail = f"{written.path}: {written.what}"
    notes = [f"the former file is {written.backup}"] if written.backup else []
    if len(of_step("written", detail, Style())) > style.width:
        detail, notes = written.path, [written.what, *notes]
    return "\n".join([of_step("written", detail, style), *map(style.indented, notes)])
