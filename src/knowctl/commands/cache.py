"""The cache of a running server: what it holds, and how to empty it."""

from typing import Annotated

from knowctl.context import Context
from knowctl.model.cache import CacheCleared, CacheStats
from knowctl.options import Instance, Option
from knowctl.services import cache
from knowctl.shell import command, group

app = group("Look at the cache, and clear it.\n\nExample: knowctl cache stats")


@app.command()
@command
def stats(context: Context, instance: Instance = None) -> CacheStats:
    """Show where every worker keeps its cache, and what it found.

    Example: knowctl cache stats -o json | jq .data.total
    """
    return cache.stats(context.live(instance))


@app.command()
@command
def clear(
    context: Context,
    namespace: Annotated[
        str | None, Option(metavar="NS", help="This namespace alone, such as subtopics.")
    ] = None,
    instance: Instance = None,
) -> CacheCleared:
    """Drop content in the database, in Redis (no other key) and in every worker.

    Example: knowctl cache clear --namespace subtopics
    """
    return cache.clear(context.live(instance), context.cache, namespace)
