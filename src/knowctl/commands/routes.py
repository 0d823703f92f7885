"""The routes of the API: who may call what, and whether that is as it should be."""

from typing import Annotated

import typer

from knowctl.checks.selection import Selection
from knowctl.choices import Severity
from knowctl.context import Context
from knowctl.model import Endpoints, Report
from knowctl.options import command, group
from knowctl.services import routes

app = group("Show and judge the routes of the API.\n\nExample: knowctl routes check")

Ids = Annotated[list[str] | None, typer.Option(metavar="ID", help="May be given again.")]


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
    fail_level: Annotated[
        Severity, typer.Option(help="The least severe finding that fails.")
    ] = Severity.ERROR,
    select: Ids = None,
    ignore: Ids = None,
) -> Report:
    """Judge the routes: each declares a policy, and nothing sensitive is public.

    Example: knowctl routes check -o github
    """
    selection = Selection(fail_level, tuple(select or ()), tuple(ignore or ()))
    return routes.check(context.routes(), selection)
