"""What a server needs of the machine: open files, threads, and places to write to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from knowctl.checks.engine import Fault, NotJudged
from knowctl.model.findings import Outcome
from knowctl.model.machine import HostFacts, Place
from knowctl.model.results import Where

CONNECTIONS: Final = {"gunicorn": 1000, "waitress": 1000}
"""Clients that one process has at once. Sources: gunicorn's worker_connections as it comes;
knowctl.supervisor.waitress_server, CONNECTIONS."""
OWN_FILES: Final = 64
"""Files that a process has open of its own: sockets, pipes, logs, counters; with room to spare."""
REDIS_SPARE: Final = 4
"""Connections to Redis beyond one a thread. Source: knowalledge_api.stores.store, SPARE."""
OWN_THREADS: Final = 6
"""Threads of a process beside those that serve: main, channel, stuck requests, Redis, counting."""
AT_ONCE: Final = 2
"""Generations while one reloads: what serves, and its candidate."""
MIB: Final = 2**20
LEAST: Final = 200 * MIB
LEAST_SHARE: Final = 0.05
PLENTY: Final = 10 * 1024 * MIB
"""Bytes: so much is room enough, however large the disk."""


def open_files(facts: HostFacts) -> Iterator[Fault]:
    """A process of the server may have as many files open as it may have to."""
    limit = facts.machine.open_files
    if limit is None:
        return
    sizes = facts.sizes
    clients = CONNECTIONS[facts.server]
    pool = min(sizes.threads + 1, sizes.size + sizes.overflow)
    redis = sizes.threads + REDIS_SPARE if facts.redis else 0
    needed = clients + pool + redis + OWN_FILES
    if limit < needed:
        cause = (
            f"{limit} may be open, and a process may have to have {needed} ({clients} clients,"
            f" {pool} to the database, {redis} to Redis, {OWN_FILES} of its own)"
        )
        hint = f"ulimit -n {_rounded(needed)} before knowctl serve, or LimitNOFILE in its unit"
        yield Fault(cause, hint, Where())


def threads(facts: HostFacts) -> Iterator[Fault]:
    """The machine allows as many threads and processes as a reload has at once."""
    rooms = facts.machine.rooms
    if not rooms:
        raise NotJudged(Outcome.SKIPPED, "no limit here", "ulimit -u says the same")
    sizes = facts.sizes
    needed = AT_ONCE * (sizes.workers * (sizes.threads + OWN_THREADS) + 1) + 1
    for room in rooms:
        if room.used + needed > room.limit:
            cause = (
                f"{room.name} is {room.limit}, {room.used} are there, and a reload has {needed}"
                f" ({AT_ONCE} x {sizes.workers} workers x {sizes.threads + OWN_THREADS})"
            )
            hint = f"raise it to {_rounded(room.used + needed)}, or set GUNICORN_WORKERS lower"
            yield Fault(cause, hint, facts.where("GUNICORN_WORKERS"))


def space(facts: HostFacts) -> Iterator[Fault]:
    """There is room where we write."""
    for place in facts.machine.places:
        few = place.free < LEAST_SHARE * place.size and place.free < PLENTY
        if place.size and (few or place.free < LEAST):
            share = 100 * place.free / place.size
            cause = f"{place.path} has {place.free // MIB} MiB left ({share:.0f} %)"
            hint = f"du -xh -d1 {place.path} | sort -h, and make room; or move {place.setting}"
            yield Fault(cause, hint, facts.where(place.setting))


def writable(facts: HostFacts) -> Iterator[Fault]:
    """We may write where we have to."""
    for place in facts.machine.places:
        if place.trouble:
            cause = f"{place.path}: {place.trouble}"
            yield Fault(cause, _way_in(place), facts.where(place.setting))


def _way_in(place: Place) -> str:
    if place.missing:
        return f"mkdir -p {place.path}, or set {place.setting} to another place"
    if place.size and not place.free:
        return f"df -h {place.path}; make room there, or set {place.setting} elsewhere"
    return f"ls -ld {place.path}; let this user write there, or set {place.setting} elsewhere"


def _rounded(needed: int) -> int:
    """The next number that people use."""
    return 1 << (needed - 1).bit_length()
