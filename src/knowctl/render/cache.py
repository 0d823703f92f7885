"""The cache as text for a person: where it is kept, what it finds, what was cleared."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from knowctl.model.cache import CacheCleared, CacheStats, StoreCleared, WorkerCache
from knowctl.render.figures import NONE, age, count, plural
from knowctl.render.style import Style
from knowctl.render.table import of_figures
from knowctl.render.text import of_result, of_step, of_warning

COLUMNS: Final = ("GEN", "PID", "KEPT IN", "SINCE", "HITS", "MISSES", "ENTRIES", "TIMES AWAY")


@of_result.register
def _(stats: CacheStats, style: Style) -> str:
    rows = [_worker(each, stats.now) for each in stats.workers]
    total = stats.total
    sums = (count(total["hits"]), count(total["misses"]), count(total["size"]))
    rows.append((NONE, "total", NONE, NONE, *sums, NONE))
    rate = total["hit_rate_percent"]
    lines = [of_figures(COLUMNS, rows, style, words={"KEPT IN"}), ""]
    found = "nothing was asked yet" if rate is None else f"{rate:g} % of all questions were hits"
    return "\n".join([*lines, of_step("cache", found, style), *_notes(stats, style)])


@of_result.register
def _(done: CacheCleared, style: Style) -> str:
    what = f"namespace {done.namespace}" if done.namespace else "everything"
    dropped = sum(each.cleared for each in done.workers)
    place = f"{count(dropped)} values in the memory of {plural(len(done.workers), 'worker')}"
    lines = [of_step("cleared", f"{what}: {place}", style)]
    lines += [_store("database", done.database, style), _store("redis", done.redis, style)]
    lines += [
        of_warning("silent", f"worker {each.pid}: {each.cause}", style) for each in done.silent
    ]
    return "\n".join(lines)


def _store(name: str, store: StoreCleared, style: Style) -> str:
    if store.cleared is None:
        return of_warning(name, f"nothing was cleared there: {store.why}", style)
    return of_step(name, f"{count(store.cleared)} values", style)


def _worker(each: WorkerCache, now: float) -> tuple[str, ...]:
    return (
        str(each.generation),
        str(each.pid),
        each.mode,
        age(max(0.0, now - each.since)),
        count(each.hits),
        count(each.misses),
        count(each.size),
        count(each.degradations),
    )


def _notes(stats: CacheStats, style: Style) -> Iterator[str]:
    for why in sorted({each.why for each in stats.workers if each.why}):
        yield of_warning("memory", why, style)
    for each in stats.silent:
        yield of_warning("silent", f"worker {each.pid}: {each.cause}", style)
