"""Asks the supervisor and the workers of a running server over their private channels."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from knowalledge_api.live.asking import Answer, GoneError, ask_all, ask_lines
from knowctl.errors import ErrorCode, ExitCode, KnowctlError
from knowctl.model.cache import Emptied, WorkerCache
from knowctl.model.live import (
    Draining,
    Reloaded,
    Silent,
    Supervision,
    SupervisorFacts,
    Workers,
    WorkerStacks,
)
from knowctl.probes import answers, run_directory
from knowctl.probes.wording import words

WORKER_SECONDS: Final = 1.5
"""A worker gives itself one second; a little more for the way."""
SUPERVISOR_SECONDS: Final = 3.0
PATIENCE: Final = 15.0
"""Seconds beyond a reload's own limit in which the supervisor has to say that it failed."""

Say = Callable[[str, str], None]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class LiveProbe:
    """The server whose run directory this is."""

    directory: Path

    def now(self) -> float:
        """Seconds of the Unix epoch."""
        return time.time()

    def record(self) -> SupervisorFacts:
        """Who the supervisor says that it is in its file, process 0 where that can't be read."""
        with suppress(answers.NonsenseError):
            return answers.supervisor(run_directory.record_of(self.directory) or {})
        return SupervisorFacts(0, 0.0, "", self.directory.name, "")

    def supervision(self) -> Supervision:
        """What the supervisor says; KnowctlError where it says nothing."""
        return self._one({"do": "status"}, answers.supervision)

    def workers(self) -> Workers:
        """What every worker says of itself."""
        return Workers(*self._of_all("state", answers.worker))

    def stacks(self) -> tuple[tuple[WorkerStacks, ...], tuple[Silent, ...]]:
        """Where every thread of every worker is, and who does not say."""
        return self._of_all("stacks", answers.stacks)

    def caches(self) -> tuple[tuple[WorkerCache, ...], tuple[Silent, ...]]:
        """The cache of every worker, and who does not say."""
        return self._of_all("state", answers.worker_cache)

    def clear_cache(self, namespace: str | None) -> tuple[tuple[Emptied, ...], tuple[Silent, ...]]:
        """Have every worker drop what it has in memory, and say how much that was."""
        return self._of_all("clear", answers.emptied, namespace=namespace)

    def drain(self, *, on: bool) -> Draining:
        """Let /ready say no, or no longer."""
        question = {"do": "drain", "on": on}
        return self._one(question, lambda said: Draining(said["draining"] is True))

    def reload(self, seconds: float, say: Say) -> Reloaded:
        """Change over to new code; KnowctlError with the candidate's own cause where it fails."""
        question = {"do": "reload", "timeout": seconds}
        for said in self._told(question, seconds + PATIENCE, say):
            return _understood(_reloaded, said)
        raise _broken("the supervisor hung up before the reload was over")

    def stop(self, seconds: float | None, patience: float, say: Say) -> None:
        """Ask it to end, and listen until it hangs up, at most for `patience` seconds.

        That somebody else has asked before is said, and no failure.
        """
        try:
            for _ in self._told({"do": "stop", "timeout": seconds}, patience, say):
                continue
        except KnowctlError as error:
            failure = error.failure
            if failure.code is ErrorCode.NO_SERVER or failure.exit_code is ExitCode.TIMED_OUT:
                return  # whether it is gone is seen by whoever waits
            if failure.code is not ErrorCode.REFUSED:
                raise
            say("stop", failure.message)

    def is_gone(self, pid: int) -> bool:
        """Whether that supervisor has ended, and nobody listens in its place."""
        return not _is_alive(pid) and not run_directory.is_served(self.directory)

    def _one(self, question: Mapping[str, Any], read: Callable[[Mapping[str, Any]], T]) -> T:
        for said in self._told(question, SUPERVISOR_SECONDS, _unsaid):
            return _understood(read, said)
        raise _broken("it hung up without an answer")

    def _told(
        self, question: Mapping[str, Any], seconds: float, say: Say
    ) -> Iterator[dict[str, Any]]:
        """The answers that are no steps; KnowctlError where one is a no, or none comes."""
        for said in self._lines(question, seconds):
            if "step" in said:
                say(words(said["step"]), words(said.get("detail", "")))
            elif said.get("ok") is True:
                yield said
            elif said.get("ok") is False:
                raise _refusal(said)
            else:
                raise _broken("its answer makes no sense")

    def _lines(self, question: Mapping[str, Any], seconds: float) -> Iterator[dict[str, Any]]:
        began = time.monotonic()
        try:
            yield from ask_lines(self.directory / run_directory.CONTROL, question, seconds)
        except GoneError as error:
            raise nobody(self.directory) from error
        except ConnectionError as error:
            if isinstance(error.__cause__, PermissionError):
                run_directory.refuse_to_ask(self.directory)
            if time.monotonic() - began >= seconds:
                raise _late(seconds) from error
            raise _broken(str(error)) from error
        except RecursionError as error:
            raise _broken("its answer makes no sense") from error

    def _of_all(
        self, what: str, read: Callable[[Mapping[str, Any]], T], **more: object
    ) -> tuple[tuple[T, ...], tuple[Silent, ...]]:
        told, silent = list[T](), list[Silent]()
        for each in ask_all(self.directory, {"ask": what, **more}, WORKER_SECONDS):
            found = _told_by(each, read)
            if isinstance(found, Silent):
                silent.append(found)
            else:
                told.append(found)
        return tuple(told), tuple(silent)


def find_live(
    values: Mapping[str, Any], environ: Mapping[str, str], instance: str | None, note: Say
) -> LiveProbe:
    """The running server of that instance, else of the settings, else the only one there is.

    KnowctlError where none runs, or several of which none was named.
    """
    places = run_directory.candidates(values, environ, instance)
    for place in places:
        if run_directory.is_served(place):
            return LiveProbe(place)
    others = run_directory.running(run_directory.bases(environ))
    if not others or values["knowctl_run_dir"]:
        raise nobody(*places)
    if instance:
        raise _another(instance, others)
    if len(others) > 1:
        raise _several(others)
    note("instance", f"{values['instance']} does not run here: {others[0].name} is asked")
    return LiveProbe(others[0])


def nobody(*places: Path) -> KnowctlError:
    """That no server runs in any of these directories."""
    return KnowctlError(
        ErrorCode.NO_SERVER,
        "no server runs here",
        cause=f"no supervisor listens in {' or '.join(map(str, places))}",
        hint="knowctl serve",
    )


def _another(instance: str, places: tuple[Path, ...]) -> KnowctlError:
    names = [place.name for place in places]
    return KnowctlError(
        ErrorCode.NO_SERVER,
        f"no server of the instance {instance} runs here",
        cause=f"of this user run {', '.join(names)}",
        hint=f"name one of them: --instance {names[0]}",
    )


def _several(places: tuple[Path, ...]) -> KnowctlError:
    names = [place.name for place in places]
    return KnowctlError(
        ErrorCode.USAGE,
        "several servers run here",
        cause=f"they are the instances {', '.join(names)}",
        hint=f"name one of them: --instance {names[0]}",
        exit_code=ExitCode.USAGE,
    )


def _told_by(given: Answer, read: Callable[[Mapping[str, Any]], T]) -> T | Silent:
    reason = given.reason or answers.reason(given.answer or {})
    if given.answer is None or reason:
        return Silent(given.pid, given.generation, reason)
    try:
        return read(given.answer)
    except answers.NonsenseError as error:
        return Silent(given.pid, given.generation, f"its answer makes no sense: {error}")


def _reloaded(said: Mapping[str, Any]) -> Reloaded:
    return Reloaded(int(said["generation"]), float(said["seconds"]))


def _understood(read: Callable[[Mapping[str, Any]], T], said: Mapping[str, Any]) -> T:
    try:
        return read(said)
    except (ValueError, KeyError, TypeError) as error:
        raise _broken(f"its answer makes no sense: {error}") from error


def _refusal(said: Mapping[str, Any]) -> KnowctlError:
    failed = said.get("code") == ErrorCode.RELOAD_FAILED
    return KnowctlError(
        ErrorCode.RELOAD_FAILED if failed else ErrorCode.REFUSED,
        words(said.get("message", "the supervisor says no")),
        cause=words(said.get("cause", "")),
        hint=words(said.get("hint", "")),
        exit_code=ExitCode.FAILED if failed else ExitCode.REFUSED,
    )


def _late(seconds: float) -> KnowctlError:
    return KnowctlError(
        ErrorCode.TIMED_OUT,
        "the supervisor does not answer",
        cause=f"it said nothing final within {seconds:g} s",
        hint="knowctl status shows what it is at; its log tells more",
        exit_code=ExitCode.TIMED_OUT,
    )


def _broken(cause: str) -> KnowctlError:
    return KnowctlError(
        ErrorCode.CHANNEL,
        "the supervisor can't be understood",
        cause=cause,
        hint="is it of another release? its log tells more",
    )


def _is_alive(pid: int) -> bool:
    """Whether a process runs; one that ended and was not fetched by its parent does not."""
    if not pid or sys.platform == "win32":  # there, signal 0 is Ctrl-C
        return False
    try:
        os.kill(pid, 0)
    except OSError:
        return False  # gone, or its number has gone to another user's process
    with suppress(OSError):
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
        return not stat.rpartition(")")[2].lstrip().startswith("Z")
    return True


def _unsaid(_name: str, _detail: str) -> None:
    """Nobody listens to steps."""
