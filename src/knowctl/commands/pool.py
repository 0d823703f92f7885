"""Pools of database connections: what each worker has, and what the database says of it."""

from typing import Annotated

from knowctl.context import CLOCK, Context
from knowctl.model.budget import ReckonedBudget
from knowctl.model.pool import PoolStats
from knowctl.options import Instance, Option
from knowctl.services import pool
from knowctl.services.budget import budget as reckoned
from knowctl.shell import command, group

app = group("Watch and reckon the pools of database connections.\n\nExample: knowctl pool stats")


@app.command()
@command
def stats(
    context: Context,
    url: Annotated[
        str | None,
        Option(help="Server elsewhere, asked with KNOWCTL_API_KEY or METRICS_TOKEN."),
    ] = None,
    watch: Annotated[
        bool,
        Option("--watch", help="Every second, until Ctrl-C; with -o json a document a line."),
    ] = False,
    instance: Instance = None,
) -> PoolStats:
    """Show every worker's pool, who holds connections, the database's own count, and the budget.

    Example: knowctl pool stats --watch
    """

    def read() -> PoolStats:
        sizes, server = context.sizes(), None if instance else context.remote(url)
        if server:
            return pool.remote(server, sizes)
        return pool.stats(context.live(instance), context.diagnosis, sizes)

    return context.voice.watch(read, lambda: CLOCK.sleep(1)) if watch else read()


@app.command()
@command
def budget(
    context: Context,
    replicas: Annotated[
        int | None, Option(min=1, max=1000, help="Servers; default REPLICAS.")
    ] = None,
    max_connections: Annotated[
        int | None,
        Option(min=1, max=1_000_000, help="What the database has; default: as it comes."),
    ] = None,
) -> ReckonedBudget:
    """Reckon from the settings alone how many connections there may be, and what to change.

    Example: knowctl pool budget --replicas 3 --max-connections 200
    """
    return reckoned(context.settings, replicas, max_connections)
