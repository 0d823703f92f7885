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

from benchmarks.pressure import Pressure, press_posting
from benchmarks.verdict import Verdict, table, told
from knowalledge_api.auth.principal import Principal
from knowalledge_api.auth.tokens import Tokens
from knowalledge_api.database import Database
from knowalledge_api.database.models import Role, Tier, User
from knowalledge_api.settings import load, require
from tests.support.processes import free_port, serving
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
USUAL: Final = ("flask-cors==6.0.1", "flask-limiter[redis]==4.0.0", "flask-talisman==1.1.0",
                "python-json-logger==4.0.0")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Side:
    """A server that is measured."""

    name: str
    port: int
    tokens: Sequence[str] = ()


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table; 1 where a promise is broken."""
    parser = argparse.ArgumentParser(prog="./run_tests.sh bench hot_path", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="measurements of each, in turn")
    parser.add_argument("--seconds", type=float, default=4, help="length of each")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--threads", type=int, default=24)
    parser.add_argument("--usual", action="store_true", help="install and measure extensions too")
    given = parser.parse_args(argv)
    size = ("--workers", str(given.workers), "--threads", str(given.threads))
    with ExitStack() as stack:
        sides = [stack.enter_context(side) for side in _sides(stack, size, usual=given.usual)]
        for side in sides:
            _press(side, 1)
        rounds = [[_press(side, given.seconds) for side in sides] for _ in range(given.runs)]
    return _tell(sides, rounds)


def _press(side: Side, seconds: float) -> Pressure:
    return press_posting(side.port, PATH, BODY, side.tokens, CONNECTIONS, seconds)


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
        yield _there(Side(name, running.port))
        yield _there(Side(f"{name}, JWT", running.port, tokens_of(site)))


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
        with serving(command, cwd=Path(directory), port=port, environ=settings):
            yield Side(name, port)


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


def _tell(sides: Sequence[Side], rounds: Sequence[Sequence[Pressure]]) -> int:
    """Each round's rates are compared with those of bare Flask in the same round."""
    ratios = [
        median(each[place].rate / each[0].rate for each in rounds) for place in range(len(sides))
    ]
    rows = [
        (
            side.name,
            f"{median(each[place].rate for each in rounds):.0f}",
            sum(each[place].errors for each in rounds),
            f"{ratios[place]:.2f}",
        )
        for place, side in enumerate(sides)
    ]
    table((f"POST {PATH}, {CONNECTIONS} connections", "req/s", "errors", "ratio"), *rows)
    share = {side.name: ratio for side, ratio in zip(sides, ratios, strict=True)}
    return told(
        Verdict("F2", "of bare Flask, with stores in memory", share["ours"], MEMORY_SHARE),
        Verdict("F2", "of bare Flask, with Redis", share["ours, Redis"], REDIS_SHARE),
    )


if __name__ == "__main__":
    sys.exit(main())
