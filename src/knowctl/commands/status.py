"""The running server in one table: its workers, and what is under way."""

import typer

from knowctl.context import Context
from knowctl.model.live import Status
from knowctl.options import Instance, command
from knowctl.services import live

app = typer.Typer(add_completion=False)


@app.command()
@command
def status(context: Context, instance: Instance = None) -> Status:
    """Show every worker: threads, requests, memory, database pool; exit code 1 without a server.

    Example: knowctl status -o json | jq .data.total
    """
    return live.status(context.live(instance))
