"""What keeps a server whole while it runs: what died is replaced, and workers that are due."""

from __future__ import annotations

import signal
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from knowctl.supervisor.generations import FailedError, Generation
from knowctl.supervisor.greeting import greet
from knowctl.supervisor.loop import Steps
from knowctl.supervisor.processes import described

if TYPE_CHECKING:
    from knowctl.supervisor.supervision import Supervisor

BOOT_SECONDS: Final = 60.0
QUICK: Final = 10.0
"""A generation that served for less, in seconds, died quickly."""
MOST_DEATHS: Final = 5
LONGEST_PAUSE: Final = 30.0


@dataclass(frozen=True)
class Upkeep:
    """Watches over what a supervisor has in service."""

    supervisor: Supervisor

    def watch_over(self) -> Steps[None]:
        """Look after it as long as the server lives."""
        server = self.supervisor
        deaths = 0
        while not server.ending:
            generation = server.current
            if generation and server.generations.has_ended(generation):
                lived = time.time() - generation.since
                deaths = 0 if lived > QUICK else deaths + 1
                yield from self._replace(generation, deaths)
            elif generation and generation.due and not (server.doing or server.draining):
                yield from self._recycle(generation)
            else:
                yield 1.0

    def _replace(self, dead: Generation, deaths: int) -> Steps[None]:
        server = self.supervisor
        code = server.children.exit_code(dead.pid) or 0
        server.journal.error(f"generation {dead.number} is gone: {described(code)}")
        server.children.signal_group(dead.pid, signal.SIGTERM)
        server.current = None
        server.loop.start(server.generations.remove(dead, dead.order.grace))
        while deaths < MOST_DEATHS:
            yield from self._pause(deaths)
            if self._is_settled():
                return
            server.restarts += 1
            try:
                yield from self._restart()
            except FailedError as failure:
                deaths += 1
                server.journal.error(f"a new generation did not start: {failure}")
            else:
                return
        server.journal.error(f"giving up after {deaths} deaths in a row")
        server.exit_code = 1
        yield from server.stop()

    def _pause(self, deaths: int) -> Steps[None]:
        """Wait longer after each death, and for a reload that is under way: it may mend this."""
        server = self.supervisor
        if deaths:
            pause = min(2.0 ** (deaths - 1), LONGEST_PAUSE)
            server.journal.info(f"the next one starts in {pause:g} s")
            yield from server.loop.until(lambda: server.ending, pause)
        yield from server.loop.until(lambda: not server.doing or server.ending, BOOT_SECONDS)

    def _restart(self) -> Steps[None]:
        """Start the same order again.

        It needs no database to be better than nothing: it has to answer.
        """
        server = self.supervisor
        generation = server.generations.start(server.order)
        try:
            yield from server.generations.boot(generation, BOOT_SECONDS)
            yield from self._prove(generation, generation.workers)
        except FailedError:
            yield from server.generations.remove(generation, 0)
            raise
        yield from server.take_over(generation)

    def _prove(self, generation: Generation, workers: set[int]) -> Steps[None]:
        """Have each answer /health; without TLS that takes no process, and there may be many."""
        server = self.supervisor
        if generation.order.tls:
            yield from server.generations.prove(generation, workers, ("/health",), BOOT_SECONDS)
            return
        for pid in sorted(workers):
            place = generation.private_socket(pid)
            if not (yield from greet(server.loop, place, BOOT_SECONDS)):
                raise FailedError(f"worker {pid} does not answer /health")

    def _recycle(self, generation: Generation) -> Steps[None]:
        """One worker more, proved, then the oldest retires.

        gunicorn's own way stalls a busy server: a worker that lingers is not replaced before it
        has ended.
        """
        server = self.supervisor
        server.doing = "recycle"
        before, lost = set(generation.workers), generation.lost
        generation.due -= 1
        server.children.signal(generation.pid, signal.SIGTTIN)
        try:
            yield from server.loop.until(
                lambda: bool(generation.workers - before) or self._over(generation), BOOT_SECONDS
            )
            if not self._over(generation):
                yield from self._prove(generation, _came(generation, before))
        except FailedError as failure:
            server.journal.warning(f"a worker that replaces another is not well: {failure}")
        finally:
            server.doing = ""
        server.children.signal(generation.pid, signal.SIGTTOU)
        yield from server.loop.until(
            lambda: generation.lost > lost or self._over(generation), generation.order.retirement
        )
        server.recycled += 1

    def _is_settled(self) -> bool:
        """Whether a reload has mended it, or nobody needs it any more."""
        return self.supervisor.current is not None or self.supervisor.ending

    def _over(self, generation: Generation) -> bool:
        server = self.supervisor
        gone = server.generations.has_ended(generation)
        return gone or server.ending or generation is not server.current


def _came(generation: Generation, before: set[int]) -> set[int]:
    if new := generation.workers - before:
        return new
    raise FailedError(f"none was there after {BOOT_SECONDS:g} s")
