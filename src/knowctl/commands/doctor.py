"""Everything that is checked, in one report, and in an archive for somebody who helps."""

from pathlib import Path
from typing import Annotated

import typer

from knowctl.checks.selection import Selection
from knowctl.choices import Severity
from knowctl.context import Context
from knowctl.model.findings import Report
from knowctl.options import FailLevel, Ignore, Option, Select
from knowctl.shell import command

app = typer.Typer(add_completion=False)


@app.command()
@command
def doctor(
    context: Context,
    *,
    live: Annotated[
        bool, Option("--live", help="Ask database, Redis and AI about themselves as well.")
    ] = False,
    bundle: Annotated[
        Path | None,
        Option(metavar="FILE", help="Write an archive without secrets, to be sent."),
    ] = None,
    fail_level: FailLevel = Severity.ERROR,
    select: Select = None,
    ignore: Ignore = None,
) -> Report:
    """Check everything: configuration, environment, machine, schema, routes.

    Example: knowctl doctor --live --bundle support.tar.gz
    """
    from knowctl.services import doctor as service  # noqa: PLC0415 -- it has all the others

    selection = Selection(fail_level, tuple(select or ()), tuple(ignore or ()))
    archive = context.bundle(bundle) if bundle else None
    return service.check(context.doctor(), selection, live=live, bundle=archive)
