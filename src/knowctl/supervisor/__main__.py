"""The process that `knowctl serve` becomes: it prepares, holds the socket, and supervises."""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from knowctl.probes import metrics_directory, run_directory
from knowctl.supervisor.control import Asker, Control
from knowctl.supervisor.generations import Generations
from knowctl.supervisor.hand_over import Prepared
from knowctl.supervisor.journal import Journal
from knowctl.supervisor.loop import Loop, Steps
from knowctl.supervisor.preparation import Preparation
from knowctl.supervisor.processes import Children
from knowctl.supervisor.supervision import Supervisor
from knowctl.supervisor.systemd import Systemd, inherited_sockets, of_environment

ENDING: Final = (signal.SIGINT, signal.SIGTERM)
CAUGHT: Final = (
    *ENDING, signal.SIGHUP, signal.SIGUSR1, signal.SIGTTIN, signal.SIGTTOU, signal.SIGCHLD,
)  # fmt: skip
PREPARATION_SECONDS: Final = 4000.0
"""More than --wait-for-db may be; a migration takes what it takes."""
EXTENSION: Final = 15.0
LONGEST_RELOAD: Final = 3600.0
DRAINING: Final = "draining: /ready says no until knowctl drain --off, requests are served"
SERVING: Final = "no longer draining: /ready says 200 where all is well"
INTERRUPTED: Final = 130
"""The exit code of what Ctrl-C ended: 128 and SIGINT."""


@dataclass
class Main:
    """One run: from the first preparation to the exit code."""

    loop: Loop
    children: Children
    preparation: Preparation
    systemd: Systemd
    sockets: tuple[int, ...]
    on_terminal: bool
    supervisor: Supervisor | None = None
    exit_code: int = 0
    interrupted: int = 0

    def run(self) -> int:
        """Prepare, serve, and return how it ended."""
        self.loop.catch(CAUGHT, self.react)
        self.loop.start(self._begin())
        self.loop.run()
        if self.supervisor is None:
            return self.exit_code
        self._release(self.supervisor.order.url)
        return self.supervisor.exit_code

    def react(self, number: int) -> None:
        """Act on a signal."""
        if number == signal.SIGCHLD:
            self.children.reap()
        elif number in ENDING or (number == signal.SIGHUP and self.on_terminal):
            self._stop(number)
        elif self.supervisor is None:
            return  # what prepares can't be reloaded or scaled
        elif number == signal.SIGHUP:
            self.loop.start(self.supervisor.reload(60.0, Asker()))
        elif number == signal.SIGUSR1:
            self.supervisor.reopen_logs()
        else:
            self.supervisor.scale(1 if number == signal.SIGTTIN else -1)

    def answer(self, question: dict[str, Any], asker: Asker) -> None:
        """Act on what a command asks."""
        assert self.supervisor is not None  # noqa: S101 -- nobody is listened to before
        match question.get("do"):
            case "status":
                asker.answer(ok=True, **self.supervisor.status())
            case "reload":
                seconds = _seconds(question.get("timeout"), 60.0)
                self.loop.start(self.supervisor.reload(seconds, asker))
            case "drain":
                on = bool(question.get("on", True))
                self.supervisor.drain(on=on)
                self.supervisor.journal.info(DRAINING if on else SERVING)
                asker.answer(ok=True, draining=self.supervisor.drain_file.exists())
            case "stop":
                self.supervisor.waiting.append(asker)
                if not self.supervisor.ending:
                    self._stop(signal.SIGTERM)
            case _:
                asker.refuse("that is no question", "it names nothing to do", "use knowctl")

    def signs_of_life(self) -> Steps[None]:
        """Before it serves: that it still prepares. Then: that this loop turns."""
        pause = min(EXTENSION / 3, self.systemd.watchdog or EXTENSION)
        while self.supervisor is None or not self.supervisor.current:
            self.systemd.extend(EXTENSION)
            yield pause  # no longer than the watchdog's, which begins with READY=1
        while self.systemd.watchdog:
            self.systemd.alive()
            yield self.systemd.watchdog

    def _begin(self) -> Steps[None]:
        self.loop.start(self.signs_of_life())
        code, prepared = yield from self.preparation.run(
            bind=not self.sockets, first=True, seconds=PREPARATION_SECONDS
        )
        if prepared.order is None or self.interrupted:
            self._do_not_begin(code, prepared)
            return
        self.supervisor = self._supervisor(prepared)
        self.loop.on_error = self._tell_of
        directory = self.supervisor.generations.run_directory
        Control(self.loop, directory / "control.sock", self.answer).listen()
        run_directory.introduce(directory, self.supervisor.status()["supervisor"])
        yield from self.supervisor.begin()

    def _do_not_begin(self, code: int, prepared: Prepared) -> None:
        """End with the preparation's exit code, or with that of the signal that ended it."""
        if self.interrupted:
            code = INTERRUPTED if self.interrupted == signal.SIGINT else 0
        elif code <= 0:  # it had no time to say anything
            sys.stderr.write(f"{prepared.cause}\n")
            code = 1
        self.exit_code = code
        if prepared.order:
            self._release(prepared.order.url)
            metrics_directory.remove(Path(prepared.order.run_directory))
        self.loop.end()

    def _release(self, url: str) -> None:
        """Remove the file of a Unix socket that was bound for this process."""
        place = url.removeprefix("unix:")
        if place != url and not self.sockets:
            Path(place).unlink(missing_ok=True)

    def _supervisor(self, prepared: Prepared) -> Supervisor:
        order = prepared.order
        assert order is not None  # noqa: S101 -- seen by whoever calls
        _lock, *bound = prepared.descriptors  # the lock is held by never being closed
        listener = [*self.sockets, *bound][0]
        directory = Path(order.run_directory)
        return Supervisor(
            loop=self.loop,
            children=self.children,
            generations=Generations(self.loop, self.children, listener, directory),
            preparation=self.preparation,
            order=order,
            journal=Journal(order.log_format, order.log_file),
            systemd=self.systemd,
        )

    def _tell_of(self, error: Exception) -> None:
        """What fails here must not end what serves; where nothing serves yet, it ends the start."""
        assert self.supervisor is not None  # noqa: S101 -- set before this is asked for
        if isinstance(error, OSError):  # such as a disk that is full
            place = error.filename or self.supervisor.order.run_directory
            self.supervisor.journal.error(f"{place}: {error.strerror or error}")
        else:
            trace = "".join(traceback.format_exception(error))
            self.supervisor.journal.error(f"this is a bug in knowctl: {error!r}", exception=trace)
        if self.supervisor.doing == "start":
            self.supervisor.exit_code = 1
            self.loop.end()

    def _stop(self, number: int) -> None:
        if self.supervisor is None:
            self.interrupted = number
            self.loop.start(self.preparation.interrupt())
        elif self.supervisor.ending:
            self.supervisor.hurry += 1
        else:
            self.supervisor.ending = True
            self.loop.start(self.supervisor.stop())


def _seconds(given: object, default: float) -> float:
    if not isinstance(given, int | float) or not 0 < given <= LONGEST_RELOAD:
        return default
    return float(given)


def working_directory(named: str | None) -> Path:
    """The working directory as the shell names it, where that is the same one."""
    here = Path.cwd()
    if named and Path(named).is_absolute() and Path(named).exists() and here.samefile(named):
        return Path(named)
    return here


def main(words: Sequence[str]) -> int:
    """Supervise what `knowctl` with these words is to serve."""
    loop, children = Loop(time.monotonic), Children()
    run = Main(
        loop,
        children,
        Preparation(loop, children, words, working_directory(os.environ.get("PWD"))),
        of_environment(os.environ, os.getpid()),
        inherited_sockets(os.environ, os.getpid()),
        on_terminal=os.isatty(0),
    )
    return run.run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
