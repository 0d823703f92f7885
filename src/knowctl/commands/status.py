"""The running server in one table: its workers, and what is under way."""

from knowctl.context import Context
from knowctl.model.live import Status
from knowctl.options import Instance
from knowctl.services import live


def status(context: Context, instance: Instance = None) -> Status:
    """Show every worker: threads, requests, memory, database pool; exit code 1 without a server.

    Example: knowctl status -o json | jq .data.total
    """
    return live.status(context.live(instance))
