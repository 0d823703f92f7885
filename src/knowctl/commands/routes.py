"""The routes of the API: who may call what, and whether that is as it should be."""

from knowctl.checks.selection import Selection
from knowctl.choices import Severity
from knowctl.context import Context
from knowctl.model.findings import Report
from knowctl.model.routes import Endpoints
from knowctl.options import FailLevel, Ignore, Select
from knowctl.services import routes
from knowctl.shell import command, group

app = group("Show and judge the routes of the API.\n\nExample: knowctl routes check")


@app.command("list")
@command
def list_routes(context: Context) -> Endpoints:
    """List every endpoint: methods, policy, rate limit and cache.

    Example: knowctl routes list
    """
    return routes.list_routes(context.routes())


@app.command()
@command
def check(
    context: Context,
    fail_level: FailLevel = Severity.ERROR,
    select: Select = None,
    ignore: Ignore = None,
) -> Report:
    """Judge the routes: each declares a policy, and nothing sensitive is public.

    Example: knowctl routes check -o github
    """
    selection = Selection(fail_level, tuple(select or ()), tuple(ignore or ()))
    return routes.check(context.routes(), selection)
