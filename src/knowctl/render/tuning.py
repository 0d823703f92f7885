"""Recommended settings as text for a person: why each, what they come to, lines for .env."""

from __future__ import annotations

from typing import Final

from knowctl.model.tuning import Tuning
from knowctl.render.budget import room_words
from knowctl.render.style import Style
from knowctl.render.table import of_table
from knowctl.render.text import of_failure, of_result, of_step, of_unknown, of_warning

COLUMNS: Final = ("SETTING", "NOW", "BEST", "WHY")
_SIGNS: Final = {True: of_step, False: of_warning, None: of_unknown}


@of_result.register
def _(tuning: Tuning, style: Style) -> str:
    rows = [(each.name, str(each.now), str(each.recommended), each.why) for each in tuning.settings]
    lines = [of_table(COLUMNS, rows, style, whole=COLUMNS[:3]), "", *_facts(tuning, style), ""]
    if tuning.failure:
        return "\n".join([*lines, of_failure(tuning.failure, style)])
    return "\n".join([*lines, tuning.env])


def _facts(tuning: Tuning, style: Style) -> list[str]:
    machine, budget, bound = tuning.demand.machine, tuning.budget, tuning.bound_by
    words = f"workers by {bound.workers}, connections by {bound.connections}"
    product = f"{budget.generations} x {budget.workers} x {budget.per_worker} = {budget.peak}"
    room = "" if budget.limit is None else f", room for {budget.limit}"
    there = (
        "; how much there is nobody tells"
        if machine.megabytes is None
        else f", of {machine.megabytes} ({machine.memory_from})"
    )
    memory = f"{tuning.memory_mb} MB while it reloads{there}"
    return [
        of_step("bound", words, style),
        _SIGNS[tuning.memory_fits]("memory", memory, style),
        _SIGNS[budget.fits is not False]("connections", f"{product} at most{room}", style),
        style.indented(room_words(tuning.demand.room)),
    ]
