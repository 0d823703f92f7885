"""Serving where there is no supervisor: the process that serves answers the commands itself."""

from __future__ import annotations

import _thread
import json
import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from knowalledge_api.generation import VARIABLE, current
from knowalledge_api.live.channel import Channel
from knowalledge_api.live.transport import listen
from knowalledge_api.live.watch import Watch
from knowctl.model.serving import Serving
from knowctl.probes import run_directory

NO_PIPE: Final = -1


def _end() -> None:
    _thread.interrupt_main(signal.SIGTERM)  # os.kill ends a process at once on Windows


@dataclass(frozen=True)
class Alone:
    """One process, one generation. `end` lets it finish what it has."""

    serving: Serving
    directory: Path
    end: Callable[[], None] = _end
    sleep: Callable[[float], None] = time.sleep
    since: float = field(default_factory=time.time)

    def facts(self) -> dict[str, Any]:
        """What a supervisor would say of itself."""
        return {
            "pid": os.getpid(),
            "since": self.since,
            "server": self.serving.server,
            "instance": self.serving.instance,
            "url": self.serving.url,
        }

    def begin(self) -> Watch:
        """Be found by the commands, until the watch that is given back is stopped."""
        generation = self.directory / "gen-1"
        generation.mkdir(mode=0o700, exist_ok=True)
        self.drain_file.unlink(missing_ok=True)
        told = {"number": 1, "directory": str(generation), "gate": NO_PIPE, "report": NO_PIPE}
        os.environ[VARIABLE] = json.dumps(told)
        current.cache_clear()  # the checks before have asked
        listener = listen(self.directory / "control.sock")
        watch = Watch(Channel(self.answer, listener), listener, ())
        watch.start()
        run_directory.introduce(self.directory, self.facts())
        return watch

    @property
    def drain_file(self) -> Path:
        """Where it stands, /ready says no."""
        return self.directory / "drain"

    def answer(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """Do what a command asks."""
        match question.get("do"):
            case "status":
                return {"ok": True, **self.status()}
            case "drain":
                self.drain(on=bool(question.get("on", True)))
                return {"ok": True, "draining": self.drain_file.exists()}
            case "stop":
                threading.Thread(target=self.stop, daemon=True).start()
                return {"ok": True}
        return {
            "ok": False,
            "code": "refused",
            "message": "this server can't do that",
            "cause": "it runs without a supervisor, as it does on Windows",
            "hint": "a reload is a stop and a start: knowctl stop, then knowctl serve",
        }

    def status(self) -> dict[str, Any]:
        """What a supervisor would say of its one generation."""
        pid = os.getpid()
        generation = {"number": 1, "pid": pid, "since": self.since, "workers": [pid]}
        return {
            "supervisor": self.facts(),
            "generation": 1,
            "draining": self.drain_file.exists(),
            "doing": "",
            "workers_wanted": 1,
            "generations": [{**generation, "state": "serving"}],
            "restarts": 0,
            "recycled": 0,
            "reloads": 0,
        }

    def drain(self, *, on: bool) -> None:
        """Let /ready say no, or no longer."""
        if on:
            self.drain_file.touch(mode=0o600)
        else:
            self.drain_file.unlink(missing_ok=True)

    def stop(self) -> None:
        """Drain, then let everything finish."""
        self.drain(on=True)
        self.sleep(self.serving.times.drain)
        self.end()

    def leave(self, watch: Watch) -> None:
        """Be found no longer."""
        watch.stop()
        self.drain_file.unlink(missing_ok=True)
        run_directory.withdraw(self.directory)
