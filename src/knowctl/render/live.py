"""A running server as text for a person: workers, requests in flight, threads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from knowctl.model.live import (
    Draining,
    Frame,
    Reloaded,
    RequestInFlight,
    RequestsInFlight,
    Silent,
    Stacks,
    Status,
    Stopped,
    Supervision,
    ThreadStack,
    Worker,
    WorkerStacks,
)
from knowctl.model.pool import Pool
from knowctl.render.figures import NONE, age, count, plural, size, span
from knowctl.render.style import Style
from knowctl.render.table import of_figures, of_table
from knowctl.render.text import of_failure, of_result, of_step, of_warning

WAITING: Final = frozenset({"_worker", "handler_thread"})
"""Where a thread of a pool waits for work: concurrent.futures', and waitress'."""
INNERMOST: Final = 3
"""Frames among which that one is: the wait itself is below it."""
PARTS: Final = 3
"""Of a file's path: enough to find it again."""
COLUMNS: Final = (
    *("GEN", "PID", "STATE", "AGE", "BUSY", "NOW", "SERVED", "P50", "P99", "RSS", "POOL", "WAIT"),
)


@of_result.register
def _(status: Status, style: Style) -> str:
    found = status.workers
    rows = [_worker(each) for each in found.answered] + [_silent(each) for each in found.silent]
    rows.sort(key=lambda row: (int(row[0]), int(row[1])))
    table = of_figures(COLUMNS, rows, style, words={"STATE"})
    lines = [style.indented(_headline(status), 0), "", table, "", _totals(status, style)]
    return "\n".join([*lines, *_notes(status, style)])


@of_result.register
def _(found: RequestsInFlight, style: Style) -> str:
    columns = ("REQUEST", "WHO", "AGE", "PID", "HOLDS", "ID")
    rows = [
        (
            _named(each.request.method, each.request.route),
            _who(each.request),
            span(each.request.age_ms),
            str(each.pid),
            span(each.request.connection_held_ms),
            each.request.id,
        )
        for each in found.requests
    ]
    table = of_table(columns, rows, style, whole={"AGE", "PID", "HOLDS", "ID"})
    notes = _silent_ones(found.silent, style)
    return "\n".join([table if rows else "nothing is in flight", *notes])


@of_result.register
def _(stacks: Stacks, style: Style) -> str:
    parts = ["\n".join(_stacks(each, style)) for each in stacks.workers]
    return "\n\n".join([*parts, *_silent_ones(stacks.silent, style)]) or "no worker runs"


@of_result.register
def _(drain: Draining, style: Style) -> str:
    if drain.draining:
        return of_step("draining", "/ready says 503; requests are served", style)
    return of_step("serving", "/ready says 200 again where all is well", style)


@of_result.register
def _(done: Reloaded, style: Style) -> str:
    return of_step("reloaded", f"generation {done.generation} serves, {done.seconds:g} s", style)


@of_result.register
def _(done: Stopped, style: Style) -> str:
    return of_step("stopped", f"process {done.pid} is gone, {done.seconds:g} s", style)


def _headline(status: Status) -> str:
    who = status.supervisor
    place = who.instance + (f" at {who.url}" if who.url else "")
    generation = "none" if status.generation is None else status.generation
    up = f", up {age(status.now - who.since)}" if who.since else ""
    return f"{place}: {who.server}, generation {generation}, pid {who.pid}{up}"


def _worker(each: Worker) -> tuple[str, ...]:
    return (
        str(each.generation),
        str(each.pid),
        each.state,
        age(each.age_s),
        f"{each.threads.busy}/{each.threads.total}",
        count(each.in_flight),
        count(each.requests),
        span(each.p50_ms),
        span(each.p99_ms),
        size(each.rss_bytes or None),  # where the system tells none
        _pool(each.pool),
        NONE if each.pool is None else count(each.pool.waiting),
    )


def _silent(each: Silent) -> tuple[str, ...]:
    rest = (NONE,) * (len(COLUMNS) - 3)
    return (str(each.generation), str(each.pid), "silent", *rest)


def _pool(pool: Pool | None) -> str:
    if pool is None:
        return NONE
    return f"{pool.in_use}/{pool.size}" + (f"+{pool.overflow}" if pool.overflow else "")


def _totals(status: Status, style: Style) -> str:
    total, found = status.total, status.workers.answered
    modes = Counter(str(each.cache["mode"]) for each in found if "mode" in each.cache)
    pool = total["pool"]
    words = (
        f"{total['threads'].busy} of {total['threads'].total} threads busy",
        f"{total['in_flight']} in flight",
        f"{total['requests']} served",
        f"{size(total['rss_bytes'])} of memory" if total["rss_bytes"] else "",
        f"pool {_pool(pool)} in use, {pool.waiting} waiting" if pool else "",
        f"cache in {' and '.join(sorted(modes))}" if modes else "",
        _ai(found),
    )
    text = f"{plural(len(found), 'worker')}: {', '.join(filter(None, words))}"
    return style.paint(style.indented(text, 0), "bold")


def _ai(workers: Sequence[Worker]) -> str:
    found = [each.ai for each in workers if each.ai]
    if not found:
        return ""
    busy, total = sum(each.busy for each in found), sum(each.total for each in found)
    return f"{busy} of {total} AI calls under way"


def _unasked(workers: Sequence[Worker], style: Style) -> Iterator[str]:
    """Workers that do not ask the AI, by why."""
    reasons = Counter(
        (each.ai.name, each.ai.why) for each in workers if each.ai and each.ai.state == "open"
    )
    for (name, why), number in sorted(reasons.items()):
        text = f"{plural(number, 'worker')} gave up {name} for a minute: {why}; see the log"
        yield of_warning("ai", text, style)


def _notes(status: Status, style: Style) -> Iterator[str]:
    yield from _silent_ones(status.workers.silent, style)
    yield from _unasked(status.workers.answered, style)
    if status.total["stuck"]:
        stuck = plural(status.total["stuck"], "request")
        yield of_warning("stuck", f"{stuck} so far: knowctl stacks shows where", style)
    if status.failure:
        yield of_failure(status.failure, style)
    if isinstance(status.supervision, Supervision):
        serving = [each.generation == status.generation for each in status.workers.answered]
        yield from _under_way(status.supervision, sum(serving), style)


def _under_way(said: Supervision, answered: int, style: Style) -> Iterator[str]:
    if said.draining:
        yield of_warning("draining", "/ready says 503; requests are served", style)
    if said.doing:
        yield of_warning(said.doing, "it is under way", style)
    for each in said.generations:
        if each.state != "serving":
            workers = plural(len(each.workers), "worker")
            yield of_warning(each.state, f"generation {each.number}, {workers}", style)
    if answered < said.workers_wanted:
        yield of_warning("workers", f"{answered} of {said.workers_wanted} answer", style)


def _silent_ones(silent: Iterable[Silent], style: Style) -> list[str]:
    return [
        of_warning(
            "silent", f"worker {each.pid}, generation {each.generation}: {each.cause}", style
        )
        for each in silent
    ]


def _named(method: str, route: str | None) -> str:
    return f"{method} {route or '?'}"


def _who(request: RequestInFlight) -> str:
    return request.user or request.address or NONE


def _stacks(worker: WorkerStacks, style: Style) -> Iterator[str]:
    idle = _idle(worker.threads)
    title = f"worker {worker.pid}, generation {worker.generation}"
    yield style.paint(f"{title}: {plural(len(worker.threads), 'thread')}", "bold")
    shown = [each for each in worker.threads if each not in idle]
    for thread in sorted(shown, key=lambda each: -each.request.age_ms if each.request else 0):
        yield from _thread(thread, style)
    if idle:
        yield f"  {plural(len(idle), 'thread')} idle"


def _idle(threads: Sequence[ThreadStack]) -> list[ThreadStack]:
    """Those that serve nothing and wait for work, or stand where another one stands."""
    unused = [each for each in threads if each.request is None]
    alike = Counter(each.frames for each in unused)
    return [each for each in unused if alike[each.frames] > 1 or _waits(each)]


def _waits(thread: ThreadStack) -> bool:
    inner = thread.frames[-INNERMOST:]
    return any(each.function.rpartition(".")[2] in WAITING for each in inner)


def _thread(thread: ThreadStack, style: Style) -> Iterator[str]:
    serves = thread.request
    what = ""
    if serves:
        named = _named(serves.method, serves.route)
        what = f"  {named}, {span(serves.age_ms)}, {serves.id}"
    yield style.paint(f"  {thread.name}{what}", "yellow" if serves else "dim")
    for frame in thread.frames:
        yield f"    {_place(frame)} {frame.function}"


def _place(frame: Frame) -> str:
    parts = frame.file.replace("\\", "/").split("/")
    return f"{'/'.join(parts[-PARTS:])}:{frame.line}"
