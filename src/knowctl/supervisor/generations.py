"""Generations of servers: started beside each other, proved, opened, retired, removed."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sys
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from knowctl.supervisor.loop import Loop, Steps
from knowctl.supervisor.order import REPLACED, Order
from knowctl.supervisor.processes import Children, described
from knowctl.supervisor.systemd import OWN

LAUNCHER: Final = (sys.executable, "-P", "-m", "knowctl.supervisor.launcher")
GENTLY: Final = (sys.executable, "-P", "-m", "knowctl.supervisor.gently")
PROBER: Final = (*GENTLY, "knowctl.supervisor.prober")
LAST_WORDS: Final = 2.0
REMOVAL: Final = 5.0
_FRAME: Final = re.compile(r'File "(.+)", line (\d+) in (\S+)')


class FailedError(Exception):
    """A candidate that is not to serve, and why."""


@dataclass
class Generation:
    """One set of workers. `state`: starting, proving, soaking, serving, retiring."""

    number: int
    order: Order
    directory: Path
    pid: int
    gate: int
    since: float = field(default_factory=time.time)
    state: str = "starting"
    workers: set[int] = field(default_factory=set)
    lost: int = 0
    due: int = 0
    failure: str = ""
    log_moved: bool = False

    def private_socket(self, pid: int) -> str:
        """Where a worker answers its supervisor."""
        return str(self.directory / f"w-{pid}.sock")

    def hear(self, event: dict[str, object]) -> None:
        """Take note of what the generation reports."""
        pid = event["pid"]
        assert isinstance(pid, int)  # noqa: S101 -- both sides are ours
        match event["event"]:
            case "worker":
                self.workers.add(pid)
            case "exited":
                self.lost += pid in self.workers
                self.workers.discard(pid)
                for name in (f"w-{pid}.sock", f"live-{pid}.sock"):
                    (self.directory / name).unlink(missing_ok=True)
            case "due":
                self.due = min(self.due + 1, len(self.workers))  # no more than there are
            case "failed":
                where = f" ({event['where']})" if event.get("where") else ""
                self.failure = self.failure or f"{event['cause']}{where}"


@dataclass
class Generations:
    """Starts, proves and ends generations; `listener` is the public socket's descriptor."""

    loop: Loop
    children: Children
    listener: int
    run_directory: Path
    alive: list[Generation] = field(default_factory=list)
    _count: int = 0

    def start(self, order: Order, *, gently: bool = False) -> Generation:
        """Start one behind a closed gate; FailedError where not even that works.

        One that boots gently gives way to what serves.
        """
        self._count += 1
        directory = self.run_directory / f"gen-{self._count}"
        shutil.rmtree(directory, ignore_errors=True)
        gate_reader, gate = os.pipe()
        report, report_writer = os.pipe()
        facts = {"number": self._count, "directory": str(directory), "gate": 4, "report": 5}
        environ = generation_environment(os.environ, order, facts)
        try:
            directory.mkdir(mode=0o700)
            descriptors = (self.listener, gate_reader, report_writer)
            command = [*LAUNCHER, order.server, str(os.getpid()), *(["gently"] if gently else [])]
            pid = self.children.spawn(command, environ, descriptors)
        except OSError as error:
            os.close(gate)
            os.close(report)
            raise FailedError(f"it can't be started: {error}") from error
        finally:
            os.close(gate_reader)
            os.close(report_writer)
        generation = Generation(self._count, order, directory, pid, gate)
        self.alive.append(generation)
        self._listen_to(generation, report)
        return generation

    def boot(self, generation: Generation, seconds: float) -> Steps[None]:
        """Wait until all workers are there; FailedError with the cause where they never are."""
        wanted = generation.order.processes
        came = yield from self.loop.until(
            lambda: len(generation.workers) >= wanted or self._broken(generation), seconds
        )
        if not came:
            raise FailedError((yield from self._where_it_hangs(generation, seconds)))
        yield from self._unbroken(generation)

    def prove(
        self, generation: Generation, workers: Collection[int], paths: Sequence[str], seconds: float
    ) -> Steps[None]:
        """Wait until each of these workers answers each path well; FailedError else."""
        errand = {
            "workers": [generation.private_socket(pid) for pid in sorted(workers)],
            "paths": list(paths),
            "tls": generation.order.tls,
            "seconds": seconds,
        }
        answer, writer = os.pipe()
        os.set_blocking(answer, False)
        prober = self.children.spawn(
            [*PROBER, json.dumps(errand)], own_environment(os.environ, generation.order), [writer]
        )
        os.close(writer)
        try:
            yield from self.loop.until(
                lambda: self.children.exit_code(prober) is not None or self._broken(generation),
                seconds + LAST_WORDS,
            )
            yield from self._unbroken(generation)
            _judge(_all_of(answer))
        finally:
            self.children.signal(prober, signal.SIGKILL)
            os.close(answer)

    def soak(self, generation: Generation) -> Steps[None]:
        """Watch a proved candidate for a while: what dies right after boot is not to serve."""
        generation.state = "soaking"
        broke = yield from self.loop.until(lambda: self._broken(generation), generation.order.soak)
        if broke:
            yield from self._unbroken(generation)

    def reopen_logs(self) -> None:
        """Let every process open LOG_FILE anew; one that still boots would end of the signal."""
        for each in self.alive:
            if each.state == "starting":
                each.log_moved = True
            else:
                self.children.signal(each.pid, signal.SIGUSR1)

    def open(self, generation: Generation) -> None:
        """Let it accept from the public socket."""
        if generation.log_moved:
            self.children.signal(generation.pid, signal.SIGUSR1)
        with suppress(BrokenPipeError):  # it has just died: whoever watches over it sees that
            os.write(generation.gate, b"o")
        generation.state = "serving"

    def retire(self, generation: Generation) -> Steps[None]:
        """Let it finish what it has; what lasts beyond its time is ended."""
        generation.state = "retiring"
        self.children.signal(generation.pid, signal.SIGTERM)
        yield from self.remove(generation, generation.order.retirement)

    def remove(self, generation: Generation, seconds: float) -> Steps[None]:
        """End what is left of it, first asking for `seconds`, and take its directory away."""
        ended = self.has_ended
        self.children.signal(generation.pid, signal.SIGTERM)
        yield from self.loop.until(lambda: ended(generation), seconds)
        if not ended(generation) or generation.workers:
            self.children.signal_group(generation.pid, signal.SIGKILL)
            yield from self.loop.until(lambda: ended(generation), REMOVAL)
        self.children.signal_group(generation.pid, signal.SIGKILL)
        if generation not in self.alive:
            return  # a stop was quicker
        self.alive.remove(generation)
        os.close(generation.gate)
        shutil.rmtree(generation.directory, ignore_errors=True)

    def has_ended(self, generation: Generation) -> bool:
        """Whether its first process is gone."""
        return self.children.exit_code(generation.pid) is not None

    def _broken(self, generation: Generation) -> bool:
        died = generation.lost and generation.state != "serving"
        return bool(generation.failure or died or self.has_ended(generation))

    def _unbroken(self, generation: Generation) -> Steps[None]:
        """Go on with one that is well; FailedError, with the best cause there is, else."""
        if not self._broken(generation):
            return
        yield from self.loop.until(lambda: bool(generation.failure), 0.2)
        code = self.children.exit_code(generation.pid)
        if generation.failure:
            raise FailedError(generation.failure)
        if code is not None:
            raise FailedError(f"{described(code)} without saying why; its output may tell")
        raise FailedError("a worker ended right after it had started; its log tells why")

    def _where_it_hangs(self, generation: Generation, seconds: float) -> Steps[str]:
        """The innermost line of a process that does not come up."""
        wanted, there = generation.order.processes, len(generation.workers)
        if there:
            return f"{there} of {wanted} workers were there after {seconds:.0f} s"
        self.children.signal(generation.pid, signal.SIGABRT)
        yield from self.loop.until(lambda: self.has_ended(generation), LAST_WORDS)
        with suppress(OSError):
            frame = _FRAME.search((generation.directory / "stack").read_text(errors="replace"))
            if frame:
                where = f"{frame[3]} ({frame[1]}:{frame[2]})"
                return f"it hangs in {where}, {seconds:.0f} s after its start"
        return f"it was not there after {seconds:.0f} s"

    def _listen_to(self, generation: Generation, report: int) -> None:
        os.set_blocking(report, False)
        rest = b""

        def hear() -> None:
            nonlocal rest
            try:
                content = os.read(report, 65536)
            except BlockingIOError:
                return
            if not content:
                self.loop.forget(report)
                os.close(report)
                return
            *lines, rest = (rest + content).split(b"\n")
            for line in lines:
                generation.hear(json.loads(line))

        self.loop.watch(report, hear)


def own_environment(environ: Mapping[str, str], order: Order) -> dict[str, str]:
    """The supervisor's environment without what speaks to itself, with what the order adds."""
    kept = {name: value for name, value in environ.items() if name not in {*OWN, *REPLACED}}
    return {**kept, **order.environ}


def generation_environment(
    environ: Mapping[str, str], order: Order, facts: dict[str, object]
) -> dict[str, str]:
    """What a generation sees."""
    own = own_environment(environ, order)
    return {**own, "KNOWCTL_RUN_DIR": order.run_directory, "KNOWCTL_GENERATION": json.dumps(facts)}


def _all_of(descriptor: int) -> bytes:
    content = b""
    with suppress(BlockingIOError):
        while more := os.read(descriptor, 65536):
            content += more
    return content


def _judge(answer: bytes) -> None:
    try:
        wrong = json.loads(answer)["complaint"]
    except (ValueError, KeyError, TypeError):
        wrong = "it could not be asked whether it is ready; the log tells why"
    if wrong:
        raise FailedError(wrong)


Say = Callable[[str, str], None]
"""Tells whoever asked what has been done: a step and its detail."""
