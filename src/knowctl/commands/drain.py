"""Draining: load balancers look away, and requests are still served."""

from typing import Annotated

from knowctl.context import Context
from knowctl.model.live import Draining
from knowctl.options import Instance, Option
from knowctl.services import live


def drain(
    context: Context,
    off: Annotated[bool, Option("--off", help="Be ready again.")] = False,
    instance: Instance = None,
) -> Draining:
    """Let /ready say 503 from now on, so that load balancers look away; requests are served.

    Example: knowctl drain && sleep 30 && knowctl stop
    """
    return live.drain(context.live(instance), on=not off)
