"""gunicorn with preload: no worker uses a connection that another process made."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from knowalledge_api.database.schema import migrate
from tests.support.configuration import settings_of
from tests.support.database_life import CHECKOUT
from tests.support.processes import Running, free_port, serving
from tests.support.servers import Server

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="gunicorn forks on POSIX")

WORKERS = 4
ASKED = 60
NUMBERS = itertools.count()
ROUTE = '''

@application.get("/whose")
@public("a test asks")
def whose():
    """This process, the number that was asked for, and the server's process that answered."""
    number = int(request.args["number"])
    try:
        with connected() as link:
            pid, back = link.execute(text(QUERY), {"number": number}).one()
    except Exception as error:
        return {"worker": os.getpid(), "error": type(error).__name__}
    return {"worker": os.getpid(), "backend": pid, "right": back == number}


policy.enforce(application)
'''
OUR_CONFIG = ("--config", "python:knowalledge_api.gunicorn_config")
NO_CONFIG = ("--preload", "--workers", str(WORKERS), "--worker-class", "gthread")
HEAD = """
import os
from flask import request
from sqlalchemy import create_engine, text
from knowalledge_api.app import create_app, parts_of
from knowalledge_api.auth import policy
from knowalledge_api.auth.policy import public
from knowalledge_api.database.engine import database_url, make_engine
from knowalledge_api.settings.process import from_process

application = create_app()
QUERY = os.environ["QUERY"]
"""
OURS = """
database = parts_of(application).database
database.ping()  # what must not be done before the fork, and may do no harm

def connected():
    return database.connection()
"""
NAIVE = """
engine = make_engine(from_process())
engine.connect().close()  # before the fork: every worker inherits this connection

def connected():
    return engine.connect()
"""
QUERIES = {
    "postgresql": "SELECT pg_backend_pid(), CAST(:number AS INTEGER) FROM pg_sleep(0.02)",
    "mysql": "SELECT CONNECTION_ID(), CAST(:number AS SIGNED) + SLEEP(0.02)",
}


@pytest.fixture(params=["postgresql_16", "mariadb"])
def url(request: pytest.FixtureRequest) -> str:
    server: Server = request.getfixturevalue(request.param)
    return server.create(f"fork_{next(NUMBERS)}")


def backends_by_worker(
    module: str, url: str, directory: Path, config: tuple[str, ...] = OUR_CONFIG
) -> tuple[dict[int, set[int]], list[str]]:
    """Ask four preloaded workers many things at once: whose backends answered, what went wrong."""
    migrate(settings_of(DATABASE_URL=url))
    (directory / "preloaded.py").write_text(HEAD + module + ROUTE)
    environ = {
        "DATABASE_URL": url,
        "GUNICORN_WORKERS": str(WORKERS),
        "GUNICORN_THREADS": "1",
        "PYTHONPATH": f"{CHECKOUT / 'src'}:{directory}",
        "QUERY": QUERIES[url.partition(":")[0]],
    }
    port = free_port()
    address = f"127.0.0.1:{port}"
    command = [sys.executable, "-m", "gunicorn", *config, "--bind", address]
    command += ["preloaded:application"]
    with serving(command, cwd=directory, port=port, environ=environ) as running:
        return _asked(running)


def _asked(running: Running) -> tuple[dict[int, set[int]], list[str]]:
    with ThreadPoolExecutor(2 * WORKERS) as threads:
        paths = (f"/whose?number={number}" for number in range(ASKED))
        bodies = list(threads.map(lambda path: running.request("GET", path).body, paths))
    wrong = [str(body) for body in bodies if not body.get("right")]
    backends: dict[int, set[int]] = {}
    for body in bodies:
        if "backend" in body:
            backends.setdefault(body["worker"], set()).add(body["backend"])
    return backends, wrong


def shared(backends: Sequence[set[int]]) -> set[int]:
    """Backends that answered more than one worker."""
    seen: set[int] = set()
    twice: set[int] = set()
    for each in backends:
        twice |= seen & each
        seen |= each
    return twice


@pytest.mark.parametrize("config", [OUR_CONFIG, NO_CONFIG], ids=["our hooks", "no hooks"])
def test_each_worker_has_backends_of_its_own_though_the_master_had_asked(
    url: str, tmp_path: Path, config: tuple[str, ...]
) -> None:
    backends, wrong = backends_by_worker(OURS, url, tmp_path, config)
    assert wrong == []
    assert len(backends) == WORKERS
    assert shared(list(backends.values())) == set()


def test_an_engine_that_was_connected_before_the_fork_is_shared_or_torn(
    url: str, tmp_path: Path
) -> None:
    """That the test above can fail: without our guard it does."""
    backends, wrong = backends_by_worker(NAIVE, url, tmp_path)
    assert wrong or shared(list(backends.values()))
