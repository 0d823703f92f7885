"""A cached endpoint with everything on, against bare Flask under the same gunicorn (promise F2)."""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.pressure import press_posting
from benchmarks.verdict import Verdict, table, told
from knowalledge_api.auth.principal import Principal
from knowalledge_api.auth.tokens import Tokens
from knowalledge_api.database import Database
from knowalledge_api.database.models import Role, Tier, User
from knowalledge_api.settings import load, require
from tests.support.processes import Running, free_port, serving
from tests.support.releases import Releases, releases, served
from tests.support.servers import redis

PATH: Final = "/api/create_subtopics"
BODY: Final = '{"topic": "quantum mechanics"}'
CONNECTIONS: Final = 32
MEMORY_SHARE, REDIS_SHARE = 0.85, 0.60
SECRET: Final = secrets.token_hex(32)
USERS: Final = 200
"""Who ask in turn, so that none comes to the limit of the highest tier, 1000 a minute."""
OURS: Final = {
    "SECRET_KEY": SECRET,
    "LOG_FORMAT": "json",
    "GUNICORN_MAX_REQUESTS": "0",
    "RATE_LIMIT_ANONYMOUS": "999999999/minute;999999999/hour",
}
WORKER: Final = "knowalledge_api.gunicorn_worker.ThreadsWorker"
CORES: Final = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
SERVERS, CLIENT = CORES[: len(CORES) // 2], CORES[len(CORES) // 2 :]
"""Cores of their own: where a server and who presses on it share one, each waits for the other."""
MICROSECONDS: Final = 1_000_000
USUAL: Final = ("flask-cors==6.0.1", "flask-limiter[redis]==4.0.0", "flask-talisman==1.1.0",
                "python-json-logger==4.0.0")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Side:
    """A server that is measured."""

    name: str
    running: Running
    tokens: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Round:
    """What came of one side in one round: answers a second, and CPU microseconds of each."""

    rate: float
    cpu: float
    errors: int


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table; 1 where a promise is broken."""
    parser = argparse.ArgumentParser(prog="./run_tests.sh bench hot_path", description=__doc__)
    parser.add_argument("--runs", type=int, default=30, help="rounds, each side once in each")
    parser.add_argument("--seconds", type=int, default=1, help="length of each side's turn")
    parser.add_argument("--workers", type=int, default=len(SERVERS) or 1)
    parser.add_argument("--threads", type=int, default=24)
    parser.add_argument("--free", action="store_true", help="let all use all cores")
    parser.add_argument("--usual", action="store_true", help="install and measure extensions too")
    given = parser.parse_args(argv)
    size = ("--workers", str(given.workers), "--threads", str(given.threads))
    if not given.free:
        pin(SERVERS)  # what is started from here on inherits it
    with ExitStack() as stack:
        sides = [stack.enter_context(side) for side in _sides(stack, size, usual=given.usual)]
        if not given.free:
            pin(CLIENT)
        for side in sides:
            _press(side, 1)
        rounds = [_round(sides, number, given.seconds) for number in range(given.runs)]
    return _tell(sides, rounds)


def pin(cores: Sequence[int]) -> None:
    """Keep to these cores from here on, as will all that is started; nothing where none are."""
    if cores:
        os.sched_setaffinity(0, cores)


def _round(sides: Sequence[Side], number: int, seconds: int) -> list[Round]:
    """Press on each side, every other time in the opposite order, lest one always come first."""
    turn = sides[:: -1 if number % 2 else 1]
    found = {side.name: _press(side, seconds) for side in turn}
    return [found[side.name] for side in sides]


def _press(side: Side, seconds: int) -> Round:
    before = _used(side)
    came = press_posting(side.running.port, PATH, BODY, side.tokens, CONNECTIONS, seconds)
    used = (_used(side) - before) * MICROSECONDS
    return Round(came.rate, used / (came.rate * seconds), came.errors)


def _used(side: Side) -> float:
    """CPU seconds of all processes of a side, threads that have ended included."""
    stats = ((Path("/proc") / str(pid) / "stat").read_text() for pid in side.running.left_behind())
    ticks = (stat.rpartition(")")[2].split()[11:13] for stat in stats)
    return sum(int(user) + int(system) for user, system in ticks) / os.sysconf("SC_CLK_TCK")


def _sides(
    stack: ExitStack, size: Sequence[str], *, usual: bool
) -> Iterator[AbstractContextManager[Side]]:
    """Bare Flask first, which the others are compared with."""
    keys = {"REDIS_URL": stack.enter_context(redis()).url}
    yield peer("bare Flask", "bare", size)
    yield peer("bare Flask, gunicorn's own worker", "bare", size, worker="gthread")
    if usual:
        extensions = {"PYTHONPATH": stack.enter_context(installed(USUAL))}
        yield peer("the usual extensions", "usual", size, extensions)
        yield peer("the usual extensions, Redis", "usual", size, {**extensions, **keys})
    stores: dict[str, Mapping[str, str]] = {"ours": {}, "ours, Redis": keys}
    for name, settings in stores.items():
        site = stack.enter_context(releases())
        running = stack.enter_context(served(site, {**OURS, **settings}, size=size)).running
        yield _there(Side(name, running))
        yield _there(Side(f"{name}, JWT", running, tokens_of(site)))


@contextmanager
def _there(side: Side) -> Iterator[Side]:
    yield side


@contextmanager
def peer(
    name: str,
    module: str,
    size: Sequence[str],
    environ: Mapping[str, str] | None = None,
    worker: str = WORKER,
) -> Iterator[Side]:
    """A stack of this directory, by gunicorn with the same settings."""
    port = free_port()
    here = Path(__file__).parent
    given = environ or {}
    path = os.pathsep.join((str(here), str(here.parent / "src"), given.get("PYTHONPATH", "")))
    command = [sys.executable, "-m", "gunicorn", "--worker-class", worker, "--preload",
               "--keep-alive", "5", "--worker-tmp-dir", "/dev/shm", *size,  # noqa: S108 -- as ours
               "--bind", f"127.0.0.1:{port}", f"stacks.{module}:application"]  # fmt: skip
    with tempfile.TemporaryDirectory() as directory:
        settings = {**given, "PYTHONPATH": path}
        with serving(command, cwd=Path(directory), port=port, environ=settings) as running:
            yield Side(name, running)


@contextmanager
def installed(packages: Sequence[str]) -> Iterator[str]:
    """Packages in a directory of their own that is thrown away afterwards."""
    directory = tempfile.mkdtemp(prefix="ka-usual-")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", directory, *packages]
    try:
        subprocess.run(command, check=True)
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def tokens_of(site: Releases) -> tuple[str, ...]:
    """Tokens of users of the highest tier, who are in the site's database from now on."""
    url = f"sqlite:///{site.root}/knowalledge.db"
    database = Database(require(load({"DATABASE_URL": url}, env_file=Path(os.devnull))))
    now = datetime.now(UTC)
    names = [f"user-{number}" for number in range(USERS)]
    with database.session() as session:
        session.add_all(
            User(public_id=name, role=Role.USER, tier=Tier.UNLIMITED, created_at=now)
            for name in names
        )
    database.close()
    tokens = Tokens((SECRET.encode(),), 86400)
    return tuple(
        tokens.issue(Principal(number, name, Role.USER, Tier.UNLIMITED, None, now))
        for number, name in enumerate(names, 1)
    )


def _tell(sides: Sequence[Side], rounds: Sequence[Sequence[Round]]) -> int:
    """Each round's figures are compared with those of bare Flask in the same round."""
    rates, rows = {}, []
    for place, side in enumerate(sides):
        mine = [each[place] for each in rounds]
        rates[side.name] = sorted(each[place].rate / each[0].rate for each in rounds)
        share = median(each[0].cpu / each[place].cpu for each in rounds)
        rows.append(
            (
                side.name,
                f"{median(each.rate for each in mine):.0f}",
                sum(each.errors for each in mine),
                f"{median(each.cpu for each in mine):.0f}",
                f"{median(rates[side.name]):.2f}",
                f"{_quartile(rates[side.name], 1):.2f}-{_quartile(rates[side.name], 3):.2f}",
                f"{share:.2f}",
            )
        )
    head = ("req/s", "errors", "CPU us", "ratio", "half of them", "by CPU")
    table((f"POST {PATH}, {CONNECTIONS} connections", *head), *rows)
    return told(
        Verdict("F2", "of bare Flask, with stores in memory", median(rates["ours"]), MEMORY_SHARE),
        Verdict("F2", "of bare Flask, with Redis", median(rates["ours, Redis"]), REDIS_SHARE),
    )


def _quartile(ranked: Sequence[float], number: int) -> float:
    return ranked[(len(ranked) - 1) * number // 4]


if __name__ == "__main__":
    sys.exit(main())
