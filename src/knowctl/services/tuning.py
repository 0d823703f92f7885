"""The sizes that suit a machine and a database: decided from numbers alone, with the reasons."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, Protocol

from knowctl.errors import ErrorCode, ExitCode, KnowctlError
from knowctl.model.budget import pool_of
from knowctl.model.pool import Sizes
from knowctl.model.sizing import workers_within
from knowctl.model.tuning import Binding, Demand, Machine, Recommendation, Tuning
from knowctl.services.budget import Source, facts_of, room_in, sizes_of

THREADS: Final = {"gunicorn": 24, "waitress": 32}
"""As they come: most requests wait for the AI provider, and hold no connection meanwhile."""
THREADS_A_CONNECTION: Final = 4
CONNECTIONS_A_WORKER: Final = 6
"""Fewer workers rather than fewer connections: these serve the threads that a worker comes with."""
KEPT_OPEN: Final = 10
MOST_WORKERS: Final = 500
"""What GUNICORN_WORKERS may be."""
SHARE: Final = 0.8
"""Of the memory; the rest is for what requests and caches hold."""
UNITS: Final = {"": 0, "k": 10, "m": 20, "g": 30, "t": 40}
_AMOUNT: Final = re.compile(
    r"([0-9]{1,15}(?:\.[0-9]{1,9})?) ?(?:([kmgt]?)(?:i?b)?|([kmgt])i)", re.IGNORECASE
)


class Measuring(Protocol):
    """The machine that this runs on."""

    def machine(self) -> Machine:
        """What it has, as its container sees it."""


@dataclass(frozen=True, slots=True)
class Given:
    """What a person says instead; None leaves it to the machine, the database, the settings."""

    memory: str | None = None
    cpus: int | None = None
    max_connections: int | None = None
    replicas: int | None = None


def tune(source: Source, here: Measuring, given: Given) -> Tuning:
    """The settings that suit; KnowctlError where they, or what was given, can't be read."""
    memory = None if given.memory is None else amount(given.memory)
    facts, machine = facts_of(source), here.machine()
    if given.cpus is not None:
        machine = replace(machine, cpus=given.cpus, cpus_from="--cpus")
    if memory is not None:
        machine = replace(machine, memory=memory, memory_from="--memory")
    room = room_in(facts, given.max_connections)
    found = recommend(Demand(machine, room, sizes_of(facts, given.replicas), facts.server))
    settled = facts.values["REPLICAS"]
    if given.replicas in {None, settled}:
        return found
    row = Recommendation("REPLICAS", settled, found.sizes.replicas, "--replicas says so")
    return replace(found, settings=(*found.settings, row))


def amount(text: str) -> int:
    """Bytes: 512M, 2G, 1.5GiB, or plain; units are powers of 1024, as Docker's."""
    found = _AMOUNT.fullmatch(text.strip())
    number = float(found[1]) * 2 ** UNITS[(found[2] or found[3] or "").lower()] if found else 0
    if number < 1:
        raise KnowctlError(
            ErrorCode.USAGE,
            "--memory can't be used",
            cause=f"{text[:40]!r} is no amount of memory over 0",
            hint="--memory 512M, 2G, 1.5GiB, or a number of bytes",
            exit_code=ExitCode.USAGE,
        )
    return int(number)


def recommend(demand: Demand) -> Tuning:
    """As many workers as processors, memory and connections allow, then threads and pools."""
    ceilings = _ceilings(demand)
    narrowest = min(ceilings, key=lambda each: ceilings[each])
    workers = max(1, ceilings[narrowest])
    share = _share(demand, workers)
    threads = THREADS[demand.server]
    if share is not None:
        threads = max(1, min(threads, THREADS_A_CONNECTION * share))
    wanted = threads + 1
    connections = wanted if share is None else max(1, min(wanted, share))
    pool = pool_of(connections, KEPT_OPEN)
    sizes = replace(
        demand.now,
        threads=threads,
        workers=workers,
        size=pool["DB_POOL_SIZE"],
        overflow=pool["DB_MAX_OVERFLOW"],
    )
    bound_by = Binding(narrowest, "threads" if connections == wanted else demand.room.setting)
    return Tuning(demand, sizes, tuple(_rows(demand, sizes, ceilings)), bound_by)


def _ceilings(demand: Demand) -> dict[str, int]:
    """The most workers by each of what may bind them, where it is known."""
    if demand.waitress:
        return {"waitress": 1}
    found = {"CPUs": min(2 * demand.machine.cpus + 1, MOST_WORKERS)}
    if demand.machine.megabytes is not None:
        found["memory"] = workers_within(int(demand.machine.megabytes * SHARE))
    if demand.room.limit is not None:
        found[demand.room.setting] = demand.room.limit // demand.now.at_once // CONNECTIONS_A_WORKER
    return found


def _share(demand: Demand, workers: int) -> int | None:
    """Connections for each of the workers that may be alive at once; None without a limit."""
    limit = demand.room.limit
    return None if limit is None else limit // demand.now.at_once // workers


def _rows(demand: Demand, best: Sizes, ceilings: dict[str, int]) -> Iterator[Recommendation]:
    now, name = demand.now, "WAITRESS_THREADS" if demand.waitress else "GUNICORN_THREADS"
    if not demand.waitress:
        why = _why_workers(demand, ceilings)
        yield Recommendation("GUNICORN_WORKERS", now.workers, best.workers, why)
    yield Recommendation(name, now.threads, best.threads, _why_threads(demand, best))
    yield Recommendation("DB_POOL_SIZE", now.size, best.size, _why_pool(demand, best))
    opened = f"the rest of {best.per_worker}, opened under load"
    rest = opened if best.overflow else "none: all stay open"
    yield Recommendation("DB_MAX_OVERFLOW", now.overflow, best.overflow, rest)


def _why_workers(demand: Demand, ceilings: dict[str, int]) -> str:
    cpus = demand.machine.cpus
    first = f"2 x {cpus} CPU{'s' * (cpus > 1)} + 1 = {2 * cpus + 1}"
    others = (f"{name}: {most}" for name, most in ceilings.items() if name != "CPUs")
    return "; ".join([first, *others])


def _why_threads(demand: Demand, best: Sizes) -> str:
    if best.threads == THREADS[demand.server]:
        return "as it comes: waiting for the AI takes no connection"
    return f"{THREADS_A_CONNECTION} a connection"


def _why_pool(demand: Demand, best: Sizes) -> str:
    kept = f", {KEPT_OPEN} of them kept open" if best.overflow else ""
    if best.per_worker == best.threads + 1:
        return f"a connection a thread and one more = {best.per_worker}{kept}"
    workers = f"{best.workers} worker{'s' * (best.workers > 1)}"
    parts = (demand.room.limit, f"{best.at_once} servers", workers)
    return f"{' / '.join(map(str, parts))} = {best.per_worker}{kept}"
