"""The main of a generation: it becomes gunicorn or waitress, or tells why it can't."""

from __future__ import annotations

import faulthandler
import json
import os
import re
import socket
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, Final, TextIO

from knowctl.supervisor.gently import gently

FIRST_FD: Final = 3
FOREIGN: Final = (
    "NOTIFY_SOCKET",  # gunicorn would say READY before the supervisor does
    "GUNICORN_CMD_ARGS",
    "WEB_CONCURRENCY",
    "FORWARDED_ALLOW_IPS",
    "LISTEN_FDNAMES",
)
"""Variables by which a server would act on its own."""
NOT_BOOTED: Final = frozenset({3, 4})
"""How a worker of gunicorn ends that could not boot, or not load the application."""
LONGEST_CAUSE: Final = 500
LONGEST_PLACE: Final = 150  # with the cause, however it is escaped, below 4000 bytes: one write
SHORTEST_SECRET: Final = 4
MASK: Final = "********"
_SECRET: Final = re.compile("SECRET|TOKEN|KEY|PASSWORD|_URL")
_CREDENTIALS: Final = re.compile(r"(?<=://)[^/\s]*@")


def main(argv: Sequence[str]) -> int:
    """Serve until told to end; `argv`: the server, the supervisor's pid, "gently" or nothing."""
    server, supervisor, gentle = argv[0], int(argv[1]), "gently" in argv[2:]
    facts = json.loads(os.environ["KNOWCTL_GENERATION"])
    faulthandler.enable(_stack_file(Path(facts["directory"])))  # SIGABRT: where it hangs
    prepare_environment()
    launcher = os.getpid()
    try:
        return start(server, supervisor, gentle=gentle)
    except SystemExit as left:
        # Workers pass here too, having been forked within; gunicorn hides what was wrong.
        code = left.code or 0
        if code in NOT_BOOTED or (code and os.getpid() == launcher):
            tell_failure(facts["report"], left.__context__ or left)
        raise
    except BaseException as error:  # noqa: BLE001 -- whatever kept it from starting is told
        tell_failure(facts["report"], error)
        sys.stderr.write(without_secrets("".join(traceback.format_exception(error))))
        return 1


def prepare_environment() -> None:
    """Name the inherited socket, and take out what would make a server act on its own."""
    for name in FOREIGN:
        os.environ.pop(name, None)
    os.environ["LISTEN_FDS"] = "1"
    os.environ["LISTEN_PID"] = str(os.getpid())


def start(server: str, supervisor: int, *, gentle: bool) -> int:
    """Run the server; 0 at once where the supervisor is gone already."""
    if os.getppid() != supervisor:
        return 0
    boot = partial(load, server)
    gently(boot) if gentle else boot()
    from knowalledge_api.serving import end_with  # noqa: PLC0415 -- what fails in here is told

    if not end_with(supervisor):
        return 0
    return _waitress() if server == "waitress" else _gunicorn()


def load(server: str) -> None:
    """Import all that the server is made of: the part of a start that takes its time."""
    import_module("knowalledge_api.wsgi")
    if server == "waitress":
        import_module("knowctl.supervisor.waitress_server")
    else:
        import_module("knowalledge_api.gunicorn_config")
        import_module("gunicorn.arbiter")


def tell_failure(report: int, error: BaseException) -> None:
    """Tell the supervisor; by itself, since the API may be what can't be imported."""
    cause = f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"
    facts = {
        "event": "failed",
        "pid": os.getpid(),
        "cause": without_secrets(cause)[:LONGEST_CAUSE],
        "where": place_of(error)[-LONGEST_PLACE:],
    }
    os.write(report, f"{json.dumps(facts)}\n".encode())


def place_of(error: BaseException) -> str:
    """The innermost line that was run, or that could not be read; empty where there is none."""
    if isinstance(error, SyntaxError):
        return f"{error.filename}:{error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    written = [frame for frame in frames if not frame.filename.startswith("<")]
    return f"{written[-1].filename}:{written[-1].lineno}" if written else ""


def without_secrets(text: str) -> str:
    """A text without the credentials of an address and without what secret settings hold."""
    held = {value for name, value in os.environ.items() if _SECRET.search(name)}
    with suppress(Exception):  # the code that reads the settings may be what is broken
        held |= _secrets_of_the_settings()
    held |= {url.partition("://")[2].rpartition("@")[0].partition(":")[2] for url in held}
    for value in sorted(held, key=len, reverse=True):
        if len(value) >= SHORTEST_SECRET:
            text = text.replace(value, MASK)
    return _CREDENTIALS.sub(f"{MASK}@", text)


def _secrets_of_the_settings() -> set[str]:
    """What the environment and the .env file hold; a secret's own file is quoted by nobody."""
    from knowalledge_api.settings import TABLE, load  # noqa: PLC0415 -- it may be what is broken

    named = os.environ.get("KNOWCTL_ENV_FILE")
    given = load(os.environ, env_file=Path(named) if named else None).given
    return {given[row.name].text for row in TABLE if row.secret and row.name in given}


def _stack_file(directory: Path) -> TextIO:
    return (directory / "stack").open("w")  # open as long as the process: faulthandler writes


def _gunicorn() -> int:
    from gunicorn.app.base import BaseApplication  # noqa: PLC0415 -- POSIX alone has it

    from knowalledge_api import gunicorn_config  # noqa: PLC0415 -- here gunicorn hides no error
    from knowalledge_api.wsgi import application  # noqa: PLC0415 -- likewise

    class Application(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
        """gunicorn with our settings and no others: no file, no arguments, no variables."""

        def load_config(self) -> None:
            for name, value in vars(gunicorn_config).items():
                if name in self.cfg.settings:
                    self.cfg.set(name, value)

        def load(self) -> Any:
            return application

    Application().run()
    return 0


def _waitress() -> int:
    from knowalledge_api.settings.process import from_process  # noqa: PLC0415 -- told if it fails
    from knowctl.supervisor.waitress_server import serve  # noqa: PLC0415 -- likewise

    threads = from_process().waitress_threads
    return serve(socket.socket(fileno=FIRST_FD), threads)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
