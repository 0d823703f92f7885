"""The live part of an application: what it counts, and the thread that tells it to others."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, Final

from knowalledge_api.live import stacks
from knowalledge_api.live.asking import ask_all
from knowalledge_api.live.channel import Channel
from knowalledge_api.live.gauges import Gauges
from knowalledge_api.live.lifeline import Lifeline
from knowalledge_api.live.requests import Requests
from knowalledge_api.live.state import HasPool, HasStats, Readings, Serving
from knowalledge_api.live.stuck import StuckWatch
from knowalledge_api.live.totals import everyone
from knowalledge_api.live.transport import listen
from knowalledge_api.live.watch import Watch
from knowalledge_api.metrics.files import Gathered
from knowalledge_api.metrics.recording import RECORDER, Recorder
from knowalledge_api.providers.choice import Ai

ENOUGH: Final = 1.0
"""Seconds in which a worker has answered, or is silent."""
REPLACE_ME: Final = 70
"""The exit code of a process all of whose threads are stuck: EX_SOFTWARE of sysexits.h."""
NOBODY: Final = Serving("none", 0)
"""What an application is before a server has started it."""


def _never() -> bool:
    return False


class Live:
    """Made before the fork, started in each worker after it, and stopped with it.

    `stuck_after` is in seconds; `leave` ends the process at once; `degraded` tells whether Redis
    is away.
    """

    def __init__(  # noqa: PLR0913 -- what a process is told of, and what it does
        self,
        database: HasPool,
        cache: HasStats,
        stuck_after: float,
        leave: Callable[[int], object] = os._exit,
        *,
        recorder: Recorder = RECORDER,
        degraded: Callable[[], bool] = _never,
        ai: Ai | None = None,
    ) -> None:
        self.requests = Requests()
        self._cache = cache
        self._ai = ai
        self._readings = Readings(self.requests, database, cache, ai)
        self._stuck = StuckWatch(self.requests, stuck_after)
        self._recorder = recorder
        self._gauges = Gauges(recorder, self.requests, database, self._stuck, degraded, ai)
        self._serving = NOBODY
        self._leave = leave
        self._watch: Watch | None = None

    def start(self, serving: Serving) -> None:
        """Begin to tell and to look, in a thread of its own: after the fork.

        Without a supervisor there is no channel. Raises OSError where it can't be opened.
        """
        self._serving = serving
        self._stuck.threads = serving.threads
        self._stuck.replace = self._replace if serving.is_replaced else None
        self._recorder.begin(serving.metrics_directory)
        looks = [self._stuck.look, self._gauges.look]
        listener = None
        if serving.generation is not None:
            listener = listen(serving.generation.live_socket(os.getpid()))
            looks.append(Lifeline(serving.generation.is_orphaned, serving.master).look)
        self._watch = Watch(Channel(self.answer, listener), listener, looks)
        self._watch.start()

    def stop(self) -> None:
        """Be silent, and leave no socket behind. Where it was not started it does nothing."""
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.stop()
            self._recorder.end()

    def answer(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to what came over the channel."""
        match question.get("ask"):
            case "state":
                return self.state()
            case "stacks":
                return self.stacks()
            case "clear":
                return self.clear(question.get("namespace"))
            case "reset":
                return self.reset()
        return {"error": "ask for state, stacks, clear or reset"}

    def state(self) -> dict[str, Any]:
        """The state of this process."""
        return self._readings.state(self._serving, self._stuck.count)

    def stacks(self) -> dict[str, Any]:
        """Where every thread of this process is, and which request it serves."""
        return {
            "pid": os.getpid(),
            "generation": self._serving.number,
            "threads": stacks.threads(self.requests.inflight()),
        }

    def clear(self, namespace: object) -> dict[str, Any]:
        """Drop a namespace of the cache, or everything, from this process's memory."""
        if namespace is not None and not isinstance(namespace, str):
            return {"error": "a namespace is text"}
        dropped = self._cache.forget(namespace)
        return {"pid": os.getpid(), "generation": self._serving.number, "cleared": dropped}

    def clear_everywhere(self, namespace: str | None) -> int:
        """Drop it from the memory of every worker of this server; how many values went."""
        if self._serving.generation is None:
            return self._cache.forget(namespace)
        question = {"ask": "clear", "namespace": namespace}
        told = ask_all(self._serving.generation.run_directory, question, ENOUGH)
        return sum((each.answer or {}).get("cleared", 0) for each in told)

    def reset(self) -> dict[str, Any]:
        """Have this process ask the AI again, whatever its breaker has seen."""
        if self._ai is not None:
            self._ai.breaker.reset()
        return {"pid": os.getpid(), "generation": self._serving.number, "reset": True}

    def reset_everywhere(self) -> None:
        """Have every worker of this server do that."""
        if self._serving.generation is None:
            self.reset()
        else:
            ask_all(self._serving.generation.run_directory, {"ask": "reset"}, ENOUGH)

    def everyone(self) -> dict[str, Any]:
        """The state of every worker of this server, and the sums."""
        if self._serving.generation is None:
            return everyone([self.state()])
        run_directory = self._serving.generation.run_directory
        return everyone(
            [
                each.answer or {"pid": each.pid, "generation": each.generation, "state": "silent"}
                for each in ask_all(run_directory, {"ask": "state"}, ENOUGH)
            ]
        )

    def measured(self) -> Gathered:
        """What all workers of this server have counted, with this one's numbers as they are now.

        Raises BusyError, and OSError where the directory of the others is gone.
        """
        self._gauges.look()
        return self._recorder.gather()

    def _replace(self) -> None:
        if self._watch is not None:
            self._watch.vanish()
        self._leave(REPLACE_ME)
