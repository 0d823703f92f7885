"""The health of a running server, or of its parts."""

from typing import Annotated

from knowctl.context import CLOCK, Context
from knowctl.errors import ErrorCode, ExitCode, KnowctlError
from knowctl.model.health import Health
from knowctl.options import Option
from knowctl.services import health as service


def health(
    context: Context,
    url: Annotated[str | None, Option(help="Server to ask; default: HOST and PORT.")] = None,
    wait: Annotated[
        float, Option(min=0, max=3600, help="Seconds to wait until it is healthy.")
    ] = 0,
    only: Annotated[
        str,
        Option(metavar="NAME,…", help="These alone: server, database, schema, redis, disk, ai."),
    ] = "",
    direct: Annotated[
        bool, Option("--direct", help="Ask the parts themselves, not the server.")
    ] = False,
) -> Health:
    """Tell whether the service is healthy: exit code 0, 1, or 3 after waiting in vain.

    Example: knowctl health --wait 30 && echo up
    """
    names = tuple(name.strip() for name in only.split(",") if name.strip())

    if direct and url:
        raise KnowctlError(
            ErrorCode.USAGE,
            "--direct and --url exclude each other",
            cause="--direct asks the parts that the settings here name, and no server",
            hint="leave one of them out",
            exit_code=ExitCode.USAGE,
        )

    def probe() -> Health:
        if direct:
            return service.only(service.of_parts(context.parts(), names), names)
        server = context.server(url)
        parts = None if server.elsewhere else context.parts()
        return service.only(service.of_server(server, parts, names), names)

    return service.wait(probe, wait, CLOCK)
