"""The effective settings as a table."""

from __future__ import annotations

from knowctl.model.configuration import ShownSettings
from knowctl.render.style import Style
from knowctl.render.table import of_table
from knowctl.render.text import of_failure, of_result


@of_result.register
def _(shown: ShownSettings, style: Style) -> str:
    columns = ("SETTING", "VALUE", "ORIGIN") if shown.with_origin else ("SETTING", "VALUE")
    rows = [(each.name, each.value or "-", each.origin)[: len(columns)] for each in shown.settings]
    lines = [of_table(columns, rows, style)]
    if shown.problem:
        lines += ["", of_failure(shown.problem, style)]
    return "\n".join(lines)
