"""The supervisor: one public socket, and always one generation that is known to serve it."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from knowctl.probes import metrics_directory
from knowctl.supervisor.control import Asker
from knowctl.supervisor.generations import FailedError, Generation, Generations, Say
from knowctl.supervisor.journal import Journal
from knowctl.supervisor.loop import Loop, Steps
from knowctl.supervisor.order import Order
from knowctl.supervisor.preparation import Preparation
from knowctl.supervisor.processes import Children
from knowctl.supervisor.systemd import Systemd
from knowctl.supervisor.upkeep import Upkeep

START_SECONDS: Final = 60.0
OVERLAP: Final = 0.3
"""Seconds in which two generations accept, so that nobody finds the door closed."""
HURRY: Final = 1.0
ENOUGH: Final = 0.9
"""The part of the grace after which what is left is ended, so that all has ended within it."""


@dataclass
class Supervisor:
    """Holds what serves; `doing` names the one operation at a time, `exit_code` the end.

    `hurry` counts the signals after the one that began a stop; `waiting` asked for it.
    """

    loop: Loop
    children: Children
    generations: Generations
    preparation: Preparation
    order: Order
    journal: Journal
    systemd: Systemd
    current: Generation | None = None
    doing: str = "start"
    exit_code: int = 0
    hurry: int = 0
    ending: bool = False
    restarts: int = 0
    reloads: int = 0
    recycled: int = 0
    extra: int = 0
    since: float = field(default_factory=time.time)
    waiting: list[Asker] = field(default_factory=list)

    @property
    def drain_file(self) -> Path:
        """Where it stands, /ready says no."""
        return self.generations.run_directory / "drain"

    @property
    def draining(self) -> bool:
        """Whether /ready says no."""
        return self.drain_file.exists()

    def begin(self) -> Steps[None]:
        """Start the first generation and serve; where it fails, end with exit code 1."""
        self.drain_file.unlink(missing_ok=True)
        try:
            generation = yield from self.candidate(self.order, START_SECONDS, _silent)
        except FailedError as failure:
            if not self.ending:
                self.journal.error(f"the server did not start: {failure}")
                self._end(1)
            return
        yield from self.take_over(generation)
        self.doing = ""
        self.loop.start(Upkeep(self).watch_over())

    def reload(self, seconds: float, asker: Asker) -> Steps[None]:
        """Start new code and configuration beside what serves; once proved it takes over."""
        if not (yield from self._free(seconds, asker)):
            return
        self.doing = "reload"
        self.systemd.reloading()
        self.journal.info("reload: the candidate starts")
        began = self.loop.now()
        try:
            order = yield from self._new_order(seconds)
            asker.step("configuration", "it holds")
            left = seconds - (self.loop.now() - began)
            generation = yield from self.candidate(order, left, asker.step)
        except FailedError as failure:
            self._kept(str(failure), asker)
        else:
            self.order = order
            yield from self.take_over(generation)
            self.reloads += 1
            took = round(self.loop.now() - began, 2)
            asker.answer(ok=True, generation=generation.number, seconds=took)
        finally:
            self.doing = ""

    def stop(self) -> Steps[None]:
        """Drain, let everything finish, tell those who asked, and end."""
        self.ending = True
        order = self.order
        self.systemd.stopping(order.drain + order.grace + 5)
        if self.current and order.drain and not self.hurry:
            self.journal.info(
                f"draining: /ready says no for {order.drain:g} s, requests are served"
            )
            self.drain(on=True)
            yield from self.loop.until(lambda: bool(self.hurry), order.drain)
        self.journal.info(f"stopping: requests have {order.grace:g} s to finish")
        began = self.loop.now()
        for generation in tuple(self.generations.alive):
            self.children.signal(generation.pid, signal.SIGTERM)
            generation.state = "retiring"
        limit = order.grace * ENOUGH
        while any(not self.generations.has_ended(each) for each in self.generations.alive):
            left = (HURRY if self.hurry else limit) - (self.loop.now() - began)
            if self.hurry > 1 or left <= 0:
                break
            yield left
        for generation in tuple(self.generations.alive):
            yield from self.generations.remove(generation, 0)
        self.drain_file.unlink(missing_ok=True)
        self.journal.info("stopped")
        for asker in self.waiting:
            asker.answer(ok=True)
        self._end(self.exit_code)

    def drain(self, *, on: bool) -> None:
        """Let /ready say no, or no longer."""
        if on:
            self.drain_file.touch(mode=0o600)
        else:
            self.drain_file.unlink(missing_ok=True)

    def scale(self, change: int) -> None:
        """One worker more or fewer, until the next reload."""
        if not self.current or self.order.server != "gunicorn":
            self.journal.warning("there is only one process to serve: nothing to scale")
            return
        if self.order.workers + self.extra + change < 1:
            self.journal.warning("the last worker stays")
            return
        self.extra += change
        number = signal.SIGTTIN if change > 0 else signal.SIGTTOU
        self.children.signal(self.current.pid, number)
        self.journal.info(f"{self.order.workers + self.extra} workers from now on")

    def reopen_logs(self) -> None:
        """Let every process open LOG_FILE anew; a supervisor has no log open."""
        self.generations.reopen_logs()

    def status(self) -> dict[str, Any]:
        """What a command may know."""
        return {
            "supervisor": {
                "pid": os.getpid(),
                "since": self.since,
                "server": self.order.server,
                "instance": self.order.instance,
                "url": self.order.url,
            },
            "generation": self.current.number if self.current else None,
            "draining": self.draining,
            "doing": self.doing or ("stop" if self.ending else ""),
            "workers_wanted": self.order.processes + self.extra,
            "generations": [
                {
                    "number": each.number,
                    "pid": each.pid,
                    "state": each.state,
                    "since": each.since,
                    "workers": sorted(each.workers),
                }
                for each in self.generations.alive
            ],
            "restarts": self.restarts,
            "recycled": self.recycled,
            "reloads": self.reloads,
        }

    def _free(self, seconds: float, asker: Asker) -> Steps[bool]:
        """Whether a reload may begin; a recycling that is under way ends soon."""
        yield from self.loop.until(lambda: self.doing != "recycle", seconds)
        refusal = ""
        if self.ending:
            refusal = "the server is being stopped"
        elif self.doing:
            refusal = f"another operation is under way: {self.doing}"
        elif self.draining:
            refusal = "the server is draining: a candidate could not say that it is ready"
        if refusal:
            self.journal.warning(f"reload refused: {refusal}")
            if not self.ending:  # who sent SIGHUP for Type=notify-reload waits for both
                self.systemd.reloading()
                self.systemd.ready("serves on")
            hint = "knowctl drain --off" if self.draining else "knowctl status"
            asker.refuse("the reload is refused", refusal, f"{hint}, then knowctl reload")
        return not refusal

    def _new_order(self, seconds: float) -> Steps[Order]:
        _, prepared = yield from self.preparation.run(bind=False, first=False, seconds=seconds)
        if prepared.order is None:
            raise FailedError(prepared.cause)
        if prepared.order.url != self.order.url:
            self.journal.warning(
                f"the address stays {self.order.url}: {prepared.order.url} takes a restart"
            )
        return prepared.order

    def candidate(self, order: Order, seconds: float, say: Say) -> Steps[Generation]:
        """A generation behind a closed gate that has proved itself; FailedError else."""
        deadline = self.loop.now() + seconds
        yield from self.loop.until(
            lambda: len(self.generations.alive) <= bool(self.current), seconds
        )
        self._go_on()
        generation = self.generations.start(order, gently=self.current is not None)
        try:
            yield from self.generations.boot(generation, deadline - self.loop.now())
            say("boot", f"{order.size}, generation {generation.number}")
            generation.state = "proving"
            yield from self.generations.prove(
                generation, generation.workers, ("/ready", *order.smoke), deadline - self.loop.now()
            )
            say(
                "proof",
                "every worker answers /ready" + "".join(f", {each}" for each in order.smoke),
            )
            if self.current and order.soak:
                yield from self.generations.soak(generation)
                say("soak", f"well for {order.soak:g} s")
            self._go_on()
        except FailedError:
            yield from self.generations.remove(generation, 0)
            raise
        return generation

    def take_over(self, generation: Generation) -> Steps[None]:
        """Let a proved generation serve, and the former one finish."""
        former, self.current, self.extra = self.current, generation, 0
        order = generation.order
        took = time.time() - generation.since
        ready = f"{order.size}, ready in {took:.1f} s"
        self.journal.info(f"generation {generation.number} serves: {ready}")
        self.generations.open(generation)
        self.systemd.ready(f"generation {generation.number}, {order.size}")
        if former:
            yield from self.loop.until(lambda: False, OVERLAP)
            self.loop.start(self._retire(former))

    def _go_on(self) -> None:
        if self.ending:
            raise FailedError("the server is stopped")

    def _retire(self, former: Generation) -> Steps[None]:
        yield from self.generations.retire(former)
        self.journal.info(f"generation {former.number} has finished what it had")

    def _kept(self, cause: str, asker: Asker) -> None:
        serving = f"generation {self.current.number}" if self.current else "nothing"
        self.systemd.ready(f"{serving} serves on")
        self.journal.error(f"reload failed, {serving} serves on: {cause}")
        asker.refuse(
            f"the reload failed; {serving} serves on",
            cause,
            "mend it, then: knowctl reload",
            "reload_failed",
        )

    def _end(self, code: int) -> None:
        self.exit_code = code
        with suppress(OSError):
            for name in ("supervisor.json", "control.sock"):
                (self.generations.run_directory / name).unlink(missing_ok=True)
        metrics_directory.remove(self.generations.run_directory)
        self.loop.end()


def _silent(_name: str, _detail: str) -> None:
    """Nobody asked."""
