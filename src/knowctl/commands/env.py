"""The environment: judge the one that runs, make or repair one."""

from pathlib import Path
from typing import Annotated

from knowctl.checks.selection import Selection
from knowctl.choices import Severity
from knowctl.context import Context
from knowctl.model.findings import Report
from knowctl.model.results import Plan
from knowctl.model.virtual_environment import MadeEnvironment
from knowctl.options import FailLevel, Ignore, Option, Select
from knowctl.services import environment, virtual_environment
from knowctl.shell import command, group

app = group("Check and make the virtual environment.\n\nExample: knowctl env check -o json")
Extras = Annotated[
    list[str] | None,
    Option("--extra", metavar="NAME", help="Such as mysql; may be given again."),
]


@app.command()
@command
def check(
    context: Context,
    extra: Extras = None,
    fail_level: FailLevel = Severity.ERROR,
    select: Select = None,
    ignore: Ignore = None,
) -> Report:
    """Judge what runs: interpreter, virtual environment, packages, lock, limits, disks, clock.

    Example: knowctl env check --extra mysql --fail-level warning
    """
    selection = Selection(fail_level, tuple(select or ()), tuple(ignore or ()))
    return environment.check(context.environment(), selection, tuple(extra or ()))


@app.command()
@command
def create(
    context: Context,
    path: Annotated[Path, Option(help="Where to.")] = Path(".venv"),
    extra: Extras = None,
    dry_run: Annotated[bool, Option("--dry-run", help="Say what would be done.")] = False,
    yes: Annotated[bool, Option("--yes", help="Do not ask.")] = False,
) -> MadeEnvironment | Plan:
    """Make or repair a virtual environment from the lock; without --extra, with every extra.

    Example: knowctl env create --path .venv --extra mysql
    """
    workshop = context.workshop(path, extra or ())
    if dry_run:
        return virtual_environment.plan(workshop)
    return virtual_environment.create(workshop, context.voice, confirmed=yes)
