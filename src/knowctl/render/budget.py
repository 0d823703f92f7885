"""The budget of connections as text for a person: the arithmetic, and what to change."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from knowctl.model.budget import ReckonedBudget, Room
from knowctl.render.figures import NONE
from knowctl.render.style import Style
from knowctl.render.text import of_result, of_step

INDENT: Final = 27
"""What stands before the words that explain a line."""


@of_result.register
def _(reckoned: ReckonedBudget, style: Style) -> str:
    lines = [_line(*each, style) for each in _arithmetic(reckoned)]
    return "\n".join([*lines, "", *_verdict(reckoned, style)])


def room_words(room: Room) -> str:
    """Where the limit comes from."""
    if room.max_connections is None:
        return f"{room.database} has no limit of connections"
    kept = f", less {room.reserved} for administrators" if room.reserved else ""
    if room.given:
        return f"--max-connections {room.max_connections}{kept}"
    return f"{room.database} as it comes: {room.setting} {room.max_connections}{kept}"


def _arithmetic(reckoned: ReckonedBudget) -> Iterator[tuple[str, int | None, str]]:
    sizes, budget = reckoned.sizes, reckoned.budget
    replicas = f"REPLICAS {sizes.replicas} + REPLICAS_SURGE {sizes.surge}"
    alone = sizes.at_once > sizes.replicas + sizes.surge
    waitress = reckoned.server == "waitress"
    threads = f"{'WAITRESS' if waitress else 'GUNICORN'}_THREADS {sizes.threads} + 1"
    pool = f"DB_POOL_SIZE {sizes.size} + DB_MAX_OVERFLOW {sizes.overflow}"
    yield "  servers at once", budget.generations, replicas + ("; a reload takes 2" * alone)
    yield "x workers", budget.workers, "waitress is one" if waitress else "GUNICORN_WORKERS"
    yield "x connections", budget.per_worker, f"the smaller of {threads}, and {pool}"
    yield "= at most", budget.peak, ""
    yield "  room for", budget.limit, room_words(reckoned.room)


def _line(name: str, number: int | None, why: str, style: Style) -> str:
    figures = f"{name:<17}{NONE if number is None else number:>7}"
    return f"{figures}{style.indented(why, INDENT)[len(figures) :]}" if why else figures


def _verdict(reckoned: ReckonedBudget, style: Style) -> Iterator[str]:
    if reckoned.proposal is None:
        there = "it fits" if reckoned.budget.fits else "nothing limits it"
        yield of_step("budget", there, style)
        return
    short = reckoned.budget.peak - (reckoned.budget.limit or 0)
    sign = style.paint(style.glyph("✖"), "red")
    yield f"{sign} {'budget':<14} {short} too many; any of these is enough"
    for each in reckoned.proposal.changes:
        waits = "; other threads wait" if "DB_POOL_SIZE" in each.settings else ""
        yield _hint(f"{each}  ({each.peak} at most{waits})", style)
    yield _hint(reckoned.wish, style)


def _hint(words: str, style: Style) -> str:
    return style.paint(style.indented(f"{style.glyph('→')} {words}"), "cyan")
