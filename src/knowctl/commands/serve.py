"""Serving: checked, migrated, bound, then run."""

from typing import Annotated

import typer

from knowctl.context import Context
from knowctl.model.results import Plan
from knowctl.options import Option, Server
from knowctl.services import serving
from knowctl.shell import command

app = typer.Typer(add_completion=False)


@app.command()
@command
def serve(
    context: Context,
    *,
    bind: Annotated[
        str | None, Option(metavar="HOST:PORT", help="Where to listen; or unix:/path.")
    ] = None,
    server: Server = None,
    workers: Annotated[int | None, Option(min=1, help="Overrides GUNICORN_WORKERS.")] = None,
    threads: Annotated[int | None, Option(min=1, help="Threads a worker.")] = None,
    migrate: Annotated[
        bool | None,
        Option(help="Apply pending migrations first; default: in development only."),
    ] = None,
    wait_for_db: Annotated[
        float, Option(min=0, max=3600, help="Seconds to wait for the database.")
    ] = 30,
    skip_checks: Annotated[bool, Option("--skip-checks", help="No config check.")] = False,
    dry_run: Annotated[bool, Option("--dry-run", help="Say what would run.")] = False,
    dev: Annotated[
        bool, Option("--dev", help="Reload on every change, with a debugger; loopback alone.")
    ] = False,
    hand_over: Annotated[
        str | None,
        Option("--hand-over", hidden=True, help="What a supervisor tells its own child."),
    ] = None,
) -> Plan:
    """Serve the API with gunicorn, or waitress on Windows.

    Example: knowctl serve --bind 127.0.0.1:8000 --workers 2
    """
    if context.supervised and not (dry_run or dev or hand_over):
        context.become_supervisor()
    host, port = serving.bind_to(bind)
    ports = context.overriding(
        HOST=host,
        PORT=port,
        SERVER=server,
        GUNICORN_WORKERS=workers,
        GUNICORN_THREADS=threads,
        WAITRESS_THREADS=threads,
    ).serving(hand_over, dev=dev)
    order = serving.Order(migrate, wait_for_db, skip_checks)
    if dry_run:
        return serving.plan(ports, order)
    serving.serve(ports, order)
    raise typer.Exit
