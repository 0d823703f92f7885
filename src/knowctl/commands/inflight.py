"""The requests that a running server serves at this moment."""

from knowctl.context import Context
from knowctl.model.live import RequestsInFlight
from knowctl.options import Instance
from knowctl.services import live


def inflight(context: Context, instance: Instance = None) -> RequestsInFlight:
    """List the requests in flight, the oldest first, and who holds a database connection.

    Example: knowctl inflight
    """
    return live.inflight(context.live(instance))
