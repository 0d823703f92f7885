"""From `knowctl serve` to what serves: becoming the supervisor, or handing over to it."""

from __future__ import annotations

import os
import secrets
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final, NoReturn

from knowalledge_api.metrics.leftovers import clear
from knowctl.errors import ErrorCode, ExitCode, Failure, KnowctlError
from knowctl.model.serving import Serving
from knowctl.probes import metrics_directory, run_directory
from knowctl.supervisor.hand_over import HandOver, of_text
from knowctl.supervisor.listener import bind
from knowctl.supervisor.order import REPLACED, Order

AFTERMATH: Final = 5.0
"""Seconds for the generations of a killed supervisor to be gone; measured: 1.4."""
LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "[::1]", "::1"})


def become_supervisor(words: Sequence[str]) -> NoReturn:
    """Replace this process by the supervisor of what these words of knowctl say."""
    command = [sys.executable, "-P", "-m", "knowctl.supervisor", *words]
    os.execv(sys.executable, command)  # noqa: S606 -- our own interpreter, fixed words


def _try_log(file: str | None) -> None:
    """KnowctlError where the log can't be opened: whatever fails then would fail in silence."""
    if file is None:
        return
    try:
        with Path(file).open("ab"):
            return
    except OSError as error:
        raise KnowctlError(
            ErrorCode.FILE,
            "the log can't be opened",
            cause=f"LOG_FILE is {file}: {error.strerror}",
            hint=f"mkdir -p {Path(file).parent}, or set LOG_FILE to another place"
            if isinstance(error, FileNotFoundError)
            else f"ls -ld {file}; set LOG_FILE to a file that this user may write",
        ) from error


@dataclass
class Handing:
    """A preparation's side of the errand: takes the address, hands over, or says why not.

    `environ` is what the generation is to see besides its supervisor's environment.
    """

    errand: HandOver
    environ: Mapping[str, str]
    _descriptors: list[int] = field(default_factory=list)
    _listener: socket.socket | None = None

    def bind(self, serving: Serving) -> None:
        """Hold the run directory and take the address; KnowctlError where either can't be had."""
        _try_log(serving.log_file)
        if self.errand.first:
            directory = run_directory.prepare(serving.run_directory)
            self._descriptors.append(run_directory.hold(directory))
        if self.errand.bind:
            killed = run_directory.record_of(Path(serving.run_directory)) is not None
            self._listener = self._bind(serving, AFTERMATH if killed else 0.0)
            self._descriptors.append(self._listener.fileno())
        if self.errand.first:
            clear(metrics_directory.MEMORY)
            metrics_directory.renew(Path(serving.run_directory))

    def _bind(self, serving: Serving, seconds: float) -> socket.socket:
        """Take the address; what a killed supervisor left behind ends by itself, and soon."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                return bind(serving.address)
            except KnowctlError:
                if time.monotonic() >= deadline:
                    raise
                time.sleep(0.2)

    def run(self, serving: Serving) -> None:
        """Hand everything to the supervisor that asked."""
        self.errand.send(order_of(serving, self.environ), self._descriptors)

    def fail(self, failure: Failure) -> None:
        """Tell it why there is nothing to run."""
        self.errand.fail(f"{failure.message}: {failure.cause}", failure.hint)


@dataclass
class InProcess:
    """Where there is no supervisor: this process holds the address and runs waitress."""

    environ: Mapping[str, str]
    _listener: socket.socket | None = None

    def bind(self, serving: Serving) -> None:
        """Hold the run directory and take the address; KnowctlError where either can't be had."""
        _try_log(serving.log_file)
        run_directory.hold(run_directory.prepare(serving.run_directory))  # as long as this process
        self._listener = bind(serving.address)

    def run(self, serving: Serving) -> NoReturn:
        """Become the server on the address taken before."""
        from knowctl.supervisor.alone import Alone  # noqa: PLC0415 -- a supervised one is light
        from knowctl.supervisor.waitress_server import serve  # noqa: PLC0415 -- brings Flask

        assert self._listener is not None  # noqa: S101 -- bind comes first
        os.environ.update({**self.environ, "KNOWCTL_RUN_DIR": serving.run_directory})
        alone = Alone(serving, Path(serving.run_directory))
        watch = alone.begin()
        try:
            sys.exit(serve(self._listener, serving.threads))
        finally:
            alone.leave(watch)

    def fail(self, failure: Failure) -> None:
        """Nobody else is to be told."""


@dataclass
class Development:
    """Flask's own server: it starts anew at every change, and shows where an error comes from.

    Whoever reaches its debugger runs code here, so it listens on loopback alone.
    """

    environ: Mapping[str, str]

    def bind(self, serving: Serving) -> None:
        """Refuse anything but development on loopback."""
        host = serving.address.host
        if serving.development and host in LOOPBACK and not serving.address.path:
            return
        raise KnowctlError(
            ErrorCode.REFUSED,
            "--dev serves developers alone",
            cause=f"its debugger runs any code, and this would be {serving.url}"
            + ("" if serving.development else " outside development"),
            hint="knowctl serve --dev --environment development --bind 127.0.0.1:5000",
            exit_code=ExitCode.REFUSED,
        )

    def run(self, serving: Serving) -> None:
        """Serve until Ctrl-C."""
        from werkzeug.serving import run_simple  # noqa: PLC0415 -- Flask is for who serves

        from knowalledge_api.app import create_app  # noqa: PLC0415 -- likewise
        from knowalledge_api.settings.process import from_process  # noqa: PLC0415 -- likewise

        environ = with_signing_key(self.environ)
        os.environ.update(environ)
        run_simple(
            serving.address.host,
            serving.address.port,
            create_app(from_process(environ)),
            use_reloader=True,
            use_debugger=True,
            threaded=True,
        )

    def fail(self, failure: Failure) -> None:
        """Nobody else is to be told."""


def with_signing_key(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment, with a key that signs tokens where the settings have none.

    What starts anew at every change inherits it, so that nobody is logged out by a change.
    """
    from knowalledge_api.settings.process import from_process  # noqa: PLC0415 -- brings dotenv

    known = from_process(environ).secret_key is not None
    return {**environ, **({} if known else {"SECRET_KEY": secrets.token_hex(32)})}


Runner = Handing | InProcess | Development


def runner(
    hand_over: str | None, environ: Mapping[str, str], added: Mapping[str, str], *, dev: bool
) -> Runner:
    """What runs after the checks; KnowctlError where the errand can't be read."""
    if dev:
        return Development({**environ, **added})
    if hand_over is None:
        return InProcess({**environ, **added})
    try:
        return Handing(of_text(hand_over), added)
    except ValueError as error:
        raise KnowctlError(
            ErrorCode.USAGE,
            f"--hand-over {hand_over[:60]!r} can't be used",
            cause="it is what a supervisor tells its own child",
            hint="knowctl serve",
            exit_code=ExitCode.USAGE,
        ) from error


def order_of(serving: Serving, environ: Mapping[str, str]) -> Order:
    """What the supervisor has to know of it."""
    return Order(
        server=serving.server,
        workers=serving.workers,
        threads=serving.threads,
        url=serving.url,
        tls=serving.tls,
        instance=serving.instance,
        run_directory=serving.run_directory,
        environ=dict(environ),
        smoke=serving.smoke,
        log_format=serving.log_format,
        log_file=serving.log_file,
        **asdict(serving.times),
    )


def child_environment(overrides: Mapping[str, str], env_file: str | None) -> dict[str, str]:
    """What a generation sees besides the process environment: the command line's settings."""
    return {**overrides, **({"KNOWCTL_ENV_FILE": env_file} if env_file else {})}


def ignored(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Variables that would change the server behind the settings' back, and are kept from it."""
    return tuple(name for name in REPLACED if name in environ)
