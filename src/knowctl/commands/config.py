"""The configuration: check it, show it, begin it, explain it, make it suit the machine."""

from typing import Annotated

import typer

from knowctl.checks.selection import Selection
from knowctl.choices import EnvironmentName, Severity
from knowctl.context import Context
from knowctl.model.configuration import ShownSettings
from knowctl.model.explanation import ExplainedCheck, ExplainedSetting
from knowctl.model.findings import Report
from knowctl.model.results import WrittenFile
from knowctl.model.tuning import Tuning
from knowctl.options import FailLevel, Ignore, Option, Select, Server
from knowctl.services import configuration, explanation, tuning
from knowctl.shell import command, group

app = group(
    "Check, show, explain and begin the configuration.\n\nExample: knowctl config check -o json"
)


@app.command()
@command
def check(
    context: Context,
    fail_level: FailLevel = Severity.ERROR,
    select: Select = None,
    ignore: Ignore = None,
    live: Annotated[
        bool, Option("--live", help="Ask database, Redis, AI and this machine as well.")
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
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME...", help="These settings alone.")
    ] = None,
    origin: Annotated[bool, Option("--origin", help="Where each value came from.")] = False,
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
        bool, Option("--force", help="Replace a .env that is there; it is kept as a backup.")
    ] = False,
) -> WrittenFile:
    """Write a .env that only this user may read, with fresh secrets.

    Example: knowctl config init --environment production
    """
    environment = context.common.environment or EnvironmentName.DEVELOPMENT
    return configuration.initialise(context.env_file(), environment, force=force)


@app.command()
@command
def explain(
    context: Context,
    word: Annotated[str, typer.Argument(metavar="ID|SETTING", help="Such as KC101 or PORT.")],
) -> ExplainedCheck | ExplainedSetting:
    """Say what a finding or a setting means, why, and what to type.

    Example: knowctl config explain KC302
    """
    return explanation.explain(context.explanations(), word)


@app.command()
@command
def tune(
    context: Context,
    *,
    memory: Annotated[
        str | None, Option(metavar="M", help="512M, 2G, 1.5GiB; default: what is here.")
    ] = None,
    cpus: Annotated[
        int | None, Option(min=1, max=1000, help="Processors; default: those here.")
    ] = None,
    max_connections: Annotated[
        int | None,
        Option(min=1, max=1_000_000, help="What the database has; default: as it comes."),
    ] = None,
    replicas: Annotated[
        int | None, Option(min=1, max=1000, help="Servers; default REPLICAS.")
    ] = None,
    server: Server = None,
) -> Tuning:
    """Recommend workers, threads and pool for a machine and a database, with the arithmetic.

    Example: knowctl config tune --cpus 4 --memory 2G --max-connections 200
    """
    given = tuning.Given(memory, cpus, max_connections, replicas)
    return tuning.tune(context.overriding(SERVER=server).settings, context.machine(), given)
