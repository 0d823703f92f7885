"""The configuration: check it, show it, begin it."""

from typing import Annotated

import typer

from knowctl.checks.selection import Selection
from knowctl.choices import EnvironmentName, Severity
from knowctl.context import Context
from knowctl.model import Report, ShownSettings, WrittenFile
from knowctl.options import command, group
from knowctl.services import configuration

app = group("Check, show and begin the configuration.\n\nExample: knowctl config check -o json")

Ids = Annotated[list[str] | None, typer.Option(metavar="ID", help="May be given again.")]


@app.command()
@command
def check(
    context: Context,
    fail_level: Annotated[
        Severity, typer.Option(help="The least severe finding that fails.")
    ] = Severity.ERROR,
    select: Ids = None,
    ignore: Ids = None,
    live: Annotated[
        bool, typer.Option("--live", help="Ask database, Redis and this machine as well.")
    ] = False,
) -> Report:
    """Judge every setting; without --live neither network nor database is touched.

    Example: knowctl config check --environment production --fail-level warning
    """
    if live:
        from knowctl.services import live_check  # noqa: PLC0415 -- offline nobody waits for it

        selection = Selection(fail_level, select or (), ignore or ())
        return live_check.check(context.settings, context.live_check, selection)
    return configuration.check(
        context.settings, fail_level=fail_level, select=select or (), ignore=ignore or ()
    )


@app.command()
@command
def show(
    context: Context,
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME", help="Settings.")] = None,
    origin: Annotated[bool, typer.Option("--origin", help="Where each value came from.")] = False,
) -> ShownSettings:
    """Show the effective settings, secrets masked.

    Example: knowctl config show --origin DATABASE_URL PORT
    """
    return context.settings.shown(tuple(names or ()), with_origin=origin)


@app.command()
@command
def init(
    context: Context,
    force: Annotated[
        bool, typer.Option("--force", help="Replace a .env that is there; it is kept as a backup.")
    ] = False,
) -> WrittenFile:
    """Write a .env that only this user may read, with fresh secrets.

    Example: knowctl config init --environment production
    """
    environment = context.common.environment or EnvironmentName.DEVELOPMENT
    return configuration.initialise(context.env_file(), environment, force=force)
