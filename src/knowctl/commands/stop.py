"""Stopping: drained, finished, ended."""

from typing import Annotated

from knowctl.context import CLOCK, Context
from knowctl.model.live import Stopped
from knowctl.options import Instance, Option
from knowctl.services import live


def stop(
    context: Context,
    timeout: Annotated[
        float | None,
        Option(min=0, max=86400, help="Seconds to wait; default: drain + grace + 5."),
    ] = None,
    instance: Instance = None,
) -> Stopped:
    """Drain the server, let its requests finish, and wait until it is gone.

    Example: knowctl stop --timeout 60
    """
    limits = context.limits(timeout)
    return live.stop(context.live(instance), limits, CLOCK, context.voice)
