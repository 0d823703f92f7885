"""What a running server does at this moment: supervisor, workers, requests, threads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from knowctl.errors import ErrorCode, Failure
from knowctl.model.pool import Pool, summed
from knowctl.model.results import Succeeded


@dataclass(frozen=True, slots=True)
class SupervisorFacts:
    """The process that watches over a server; `since` in seconds of the Unix epoch."""

    pid: int
    since: float
    server: str
    instance: str
    url: str


@dataclass(frozen=True, slots=True)
class GenerationFacts:
    """One set of workers: starting, proving, soaking, serving or retiring."""

    number: int
    state: str
    workers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Supervision:
    """What a supervisor says: `generation` is the one that serves, `doing` what it is at."""

    supervisor: SupervisorFacts
    generation: int | None
    draining: bool
    doing: str
    workers_wanted: int
    generations: tuple[GenerationFacts, ...]
    restarts: int
    recycled: int
    reloads: int


@dataclass(frozen=True, slots=True)
class Threads:
    """The threads of a worker that serve requests."""

    busy: int
    total: int


@dataclass(frozen=True, slots=True)
class RequestInFlight:
    """A request that is being served; ages in milliseconds, None where no connection is held."""

    id: str
    method: str
    route: str | None
    path: str | None
    user: str | None
    address: str | None
    age_ms: float
    thread: str
    connection_held_ms: float | None


@dataclass(frozen=True, slots=True)
class AiCalls:
    """Calls to the AI that are made and that may be; `state` is its breaker's, `why` it opened."""

    name: str
    busy: int
    total: int
    state: str
    why: str


@dataclass(frozen=True, slots=True)
class Worker:
    """A process that serves, as it describes itself; without an AI `ai` is None."""

    pid: int
    generation: int
    state: str
    age_s: float
    threads: Threads
    in_flight: int
    requests: int
    rss_bytes: int
    p50_ms: float | None
    p99_ms: float | None
    stuck: int
    pool: Pool | None
    cache: Mapping[str, Any]
    inflight: tuple[RequestInFlight, ...]
    ai: AiCalls | None = None

    @property
    def row(self) -> dict[str, Any]:
        """What `status` shows of it: the requests are a table of their own."""
        names = tuple(name for name in self.__slots__ if name != "inflight")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True, slots=True)
class Silent:
    """A process that should have answered, and why it did not."""

    pid: int
    generation: int
    cause: str

    @property
    def row(self) -> dict[str, Any]:
        """What `status` shows of it: nothing but that it is silent."""
        unknown = dict.fromkeys(name for name in Worker.__slots__ if name != "inflight")
        named = {"pid": self.pid, "generation": self.generation, "state": "silent"}
        return {**unknown, **named, "cause": self.cause}


@dataclass(frozen=True, slots=True)
class Workers:
    """Those that answered and those that did not, each by generation and process id."""

    answered: tuple[Worker, ...]
    silent: tuple[Silent, ...] = ()


@dataclass(frozen=True, slots=True)
class Status:
    """A server at this moment; `supervision` is a cause where the supervisor does not answer."""

    supervisor: SupervisorFacts
    supervision: Supervision | str
    workers: Workers
    now: float

    @property
    def failure(self) -> Failure | None:
        """Set where nobody watches over the workers."""
        if isinstance(self.supervision, Supervision):
            return None
        message = f"the supervisor, process {self.supervisor.pid}, does not answer"
        hint = "see its log; knowctl stop, then knowctl serve"
        return Failure(ErrorCode.CHANNEL, message, self.supervision, hint)

    @property
    def generation(self) -> int | None:
        """The generation that serves, the youngest one where nobody says which."""
        if isinstance(self.supervision, Supervision):
            return self.supervision.generation
        return max((each.generation for each in self.workers.answered), default=None)

    @property
    def total(self) -> dict[str, Any]:
        """The sums over all workers that answered."""
        found = self.workers.answered
        busy = sum(each.threads.busy for each in found)
        return {
            "workers": len(found),
            "silent": len(self.workers.silent),
            "threads": Threads(busy, sum(each.threads.total for each in found)),
            "in_flight": sum(each.in_flight for each in found),
            "requests": sum(each.requests for each in found),
            "stuck": sum(each.stuck for each in found),
            "rss_bytes": sum(each.rss_bytes for each in found),
            "pool": summed([each.pool for each in found if each.pool]),
        }

    @property
    def data(self) -> object:
        """The shape that others rely on, and what the supervisor says besides."""
        said = self.supervision
        found = self.workers
        rows = [each.row for each in found.answered] + [each.row for each in found.silent]
        return {
            "generation": self.generation,
            "supervisor": self.supervisor,
            "draining": said.draining if isinstance(said, Supervision) else None,
            "doing": said.doing if isinstance(said, Supervision) else None,
            "workers_wanted": said.workers_wanted if isinstance(said, Supervision) else None,
            "generations": said.generations if isinstance(said, Supervision) else None,
            "restarts": said.restarts if isinstance(said, Supervision) else None,
            "recycled": said.recycled if isinstance(said, Supervision) else None,
            "reloads": said.reloads if isinstance(said, Supervision) else None,
            "workers": sorted(rows, key=lambda row: (row["generation"], row["pid"])),
            "total": self.total,
        }


@dataclass(frozen=True, slots=True)
class Placed:
    """A request in flight, and the worker that serves it."""

    pid: int
    generation: int
    request: RequestInFlight


@dataclass(frozen=True, slots=True)
class RequestsInFlight(Succeeded):
    """All requests that are being served, the oldest first."""

    requests: tuple[Placed, ...]
    silent: tuple[Silent, ...] = ()

    @property
    def data(self) -> object:
        """One row a request."""
        rows = [
            {"pid": each.pid, "generation": each.generation, **_fields(each.request)}
            for each in self.requests
        ]
        return {"requests": rows, "silent": self.silent}


@dataclass(frozen=True, slots=True)
class Frame:
    """A place in the code."""

    file: str
    line: int
    function: str


@dataclass(frozen=True, slots=True)
class Serves:
    """The request that a thread serves."""

    id: str
    method: str
    route: str | None
    age_ms: float


@dataclass(frozen=True, slots=True)
class ThreadStack:
    """Where a thread is, the innermost frame last, and the request that it serves."""

    name: str
    ident: int
    request: Serves | None
    frames: tuple[Frame, ...]


@dataclass(frozen=True, slots=True)
class WorkerStacks:
    """All threads of a worker."""

    pid: int
    generation: int
    threads: tuple[ThreadStack, ...]


@dataclass(frozen=True, slots=True)
class Stacks(Succeeded):
    """All threads of all workers that were asked for."""

    workers: tuple[WorkerStacks, ...]
    silent: tuple[Silent, ...] = ()


@dataclass(frozen=True, slots=True)
class Draining(Succeeded):
    """Whether /ready says no."""

    draining: bool


@dataclass(frozen=True, slots=True)
class Reloaded(Succeeded):
    """The generation that serves now, and how long it took."""

    generation: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Stopped(Succeeded):
    """A server that is gone, and how long that took."""

    pid: int
    seconds: float


def _fields(request: RequestInFlight) -> dict[str, Any]:
    return {name: getattr(request, name) for name in RequestInFlight.__slots__}
