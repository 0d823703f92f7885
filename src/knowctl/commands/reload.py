"""Reloading: new code and configuration take over once they are proved."""

from typing import Annotated

from knowctl.context import Context
from knowctl.model.live import Reloaded
from knowctl.options import Instance, Option
from knowctl.services import live


def reload(
    context: Context,
    timeout: Annotated[
        float, Option(min=1, max=3600, help="Seconds that the new code has to get ready.")
    ] = 60,
    instance: Instance = None,
) -> Reloaded:
    """Start new code and configuration beside the old, which serve on if the new ones fail.

    Example: knowctl reload --timeout 120
    """
    return live.reload(context.live(instance), timeout, context.voice)
