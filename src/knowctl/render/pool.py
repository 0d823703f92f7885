"""Pools of connections as text for a person: who has them, and whether there is room for all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from knowctl.model.pool import Budget, DatabaseShare, HeldBy, Pool, PoolStats
from knowctl.render.figures import NONE, count, plural, span
from knowctl.render.style import Style
from knowctl.render.table import of_figures, of_table
from knowctl.render.text import of_result, of_step, of_unknown, of_warning

COLUMNS: Final = (
    *("PID", "SIZE", "OPEN", "USED", "IDLE", "OVER", "WAIT"),
    *("OLDEST", "CHECKOUTS", "TIMEOUTS", "MEAN", "WORST"),
)
CURES: Final = (
    "fewer workers, a smaller DB_POOL_SIZE or DB_MAX_OVERFLOW, or a larger max_connections"
)


@of_result.register
def _(stats: PoolStats, style: Style) -> str:
    rows = [(str(each.pid), *_figures(each.pool)) for each in stats.workers]
    rows.append(("total", *_figures(stats.total)))
    lines = [of_figures(COLUMNS, rows, style), ""]
    if stats.holders:
        lines += [_holders(stats.holders, style), ""]
    lines += [of_warning("silent", f"worker {pid}", style) for pid in stats.silent]
    return "\n".join([*lines, _server(stats.server, style), *_budget(stats.budget, style)])


def _figures(pool: Pool | None) -> tuple[str, ...]:
    if pool is None:
        return (NONE,) * (len(COLUMNS) - 1)
    return (
        count(pool.size),
        count(pool.open),
        count(pool.in_use),
        count(pool.idle),
        count(pool.overflow),
        count(pool.waiting),
        span(pool.oldest_wait_ms) if pool.waiting else NONE,
        count(pool.checkouts),
        count(pool.timeouts),
        span(pool.mean_wait_ms),
        span(pool.worst_wait_ms),
    )


def _holders(holders: tuple[HeldBy, ...], style: Style) -> str:
    columns = ("HELD BY", "CONNECTIONS", "OLDEST", "PID", "REQUEST")
    rows = [
        (
            each.route or "no request",
            str(each.connections),
            span(each.oldest_ms),
            str(each.pid),
            each.request_id or NONE,
        )
        for each in holders
    ]
    return of_table(columns, rows, style, whole=columns[1:])


def _server(server: DatabaseShare | str, style: Style) -> str:
    if isinstance(server, str):
        lines = of_unknown("database", "its own count is not known", style)
        return f"{lines}\n{style.indented(server)}"
    kept = f" ({server.reserved} for administrators)" if server.reserved else ""
    room = f"of {server.max_connections}{kept}"
    whose = ", those of the pooler" if server.pooled else ""
    fact = f"{server.ours} ours and {server.others} others, {room}{whose}"
    return "\n".join(
        [of_step("database", fact, style), style.indented(f"ours by {server.counted_by}")]
    )


def _budget(budget: Budget, style: Style) -> Iterator[str]:
    product = f"{budget.generations} x {budget.workers} x {budget.per_worker} = {budget.peak}"
    fact = f"{product} connections at most"
    if budget.limit is not None:
        fact += f", room for {budget.limit}"
    if budget.fits is False:
        yield of_warning("budget", f"{fact}: too many", style)
    else:
        yield (of_step if budget.fits else of_unknown)("budget", fact, style)
    servers = plural(budget.generations, "server")
    workers = plural(budget.workers, "worker")
    each = plural(budget.per_worker, "connection")
    yield style.indented(f"{servers} at once, {workers} each, {each} each")
    if budget.fits is False:
        yield style.paint(style.indented(f"{style.glyph('→')} {CURES}"), "cyan")
