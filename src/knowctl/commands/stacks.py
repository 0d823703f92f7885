"""Where every thread of a running server is."""

from typing import Annotated

from knowctl.context import Context
from knowctl.model.live import Stacks
from knowctl.options import Instance, Option
from knowctl.services import live


def stacks(
    context: Context,
    worker: Annotated[int | None, Option(metavar="PID", min=1, help="This worker alone.")] = None,
    instance: Instance = None,
) -> Stacks:
    """Show the Python stack of every thread and the request it serves; never a variable's value.

    Example: knowctl stacks --worker 4301
    """
    return live.stacks(context.live(instance), worker)
