"""R7: a database that is away costs a clear 503 in time, no more, and is taken up again at once."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from knowalledge_api.database.engine import database_url
from knowalledge_api.settings import Secret
from tests.support import servers
from tests.support.load import Load, Sample, loaded
from tests.support.processes import Running, free_port, serving
from tests.support.proxy import Proxy, proxied
from tests.support.servers import Server
from tests.support.waiting import wait_for

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals that freeze a process")

ANSWER = 2.0
"""Seconds in which R7 promises every 503."""
TOLD = 5.0
"""Seconds in which /ready has to say so, and in which all has to be well again."""
OUTAGE = 3.0
CALM = 0.8
CLIENTS = 12
THREADS = 16
"""More a worker than there are clients, so that none queues, however the kernel deals them out."""
LAG = 0.1
"""A client that its own machine kept waiting for longer does not tell how late the server was."""
POST, READY, HEALTH = "/api/create_subtopics", "/ready", "/health"


@dataclass(frozen=True)
class Site:
    """A database, the network before it, and a server that uses it directly or through that."""

    database: Server
    proxy: Proxy
    url: str
    cwd: Path

    @property
    def proxied_url(self) -> str:
        """The database's address at the proxy."""
        return self.url.replace(f":{self.database.port}/", f":{self.proxy.port}/")

    @contextmanager
    def served(self, url: str, threads: int = THREADS, **settings: str) -> Iterator[Running]:
        """`knowctl serve` with two workers of so many threads, which are not replaced by age."""
        size = ["--workers", "2", "--threads", str(threads)]
        command = [sys.executable, "-m", "knowctl", "serve", *size]
        kept = {"GUNICORN_MAX_REQUESTS": "0", "LOG_FORMAT": "json"}
        environ = {"DATABASE_URL": url, **kept, **settings}
        with serving(command, cwd=self.cwd, port=free_port(), environ=environ) as running:
            yield running


@pytest.fixture(scope="module", params=["postgresql", "mariadb"])
def site(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    kinds = {"postgresql": lambda: servers.postgresql(16), "mariadb": servers.mariadb}
    with kinds[request.param]() as database, proxied(database.port) as proxy:
        cwd = tmp_path_factory.mktemp(request.param)
        yield Site(database, proxy, database.create("r7"), cwd)


@pytest.fixture(scope="module")
def direct(site: Site) -> Iterator[Running]:
    """A server that is connected to the database itself."""
    with site.served(site.url) as running:
        yield running


@pytest.fixture(scope="module")
def distant(site: Site) -> Iterator[Running]:
    """A server that is connected through the proxy."""
    with site.served(site.proxied_url) as running:
        yield running


def calm_since(load: Load, moment: float) -> bool:
    """Whether all that was asked in a whole CALM after the moment was answered with 200."""
    start = time.monotonic() - CALM
    recent = load.since(max(moment, start))
    paths = {each.path for each in recent}
    good = all(each.status == 200 for each in recent)
    return start >= moment and good and paths == {POST, READY, HEALTH}


def suffers(
    running: Running,
    fault: AbstractContextManager[None],
    *,
    clients: int = CLIENTS,
    unready: bool = True,
) -> Load:
    """Make a fault under load and take it away again: what R7 promises of it holds."""
    with loaded(running.port, clients) as load:
        began = time.monotonic()
        wait_for("a calm start", lambda: calm_since(load, began), 15)
        processes = running.left_behind()
        broken = time.monotonic()
        with fault:
            if unready:
                wait_for("/ready says 503", lambda: 503 in statuses(load, broken, READY), TOLD)
            wait_for("the outage lasts", lambda: time.monotonic() - broken > OUTAGE, TOLD)
        mended = time.monotonic()
        wait_for("all is well again", lambda: calm_since(load, mended), TOLD + CALM)
    report(running, load, broken, mended)
    everything = load.since(broken)
    assert [each for each in everything if each.status not in {200, 503}] == []
    refused = [each for each in everything if each.status == 503 and each.path == POST]
    assert len(refused) >= clients, "the fault was not felt"
    assert late(load, refused) == []
    assert [each for each in everything if each.status == 503 and not each.retry_after] == []
    assert statuses(load, 0, HEALTH) == {200}
    assert late(load, load.since(broken, HEALTH)) == []
    assert running.left_behind() == processes, "something was restarted"
    assert "Traceback" not in running.said()
    return load


def late(load: Load, samples: list[Sample]) -> list[Sample]:
    """What took longer than R7 promises, where the machine let the client measure that."""
    over = [each for each in samples if each.took > ANSWER]
    return [each for each in over if load.lag_of(each) <= LAG]


def statuses(load: Load, moment: float, path: str) -> set[int]:
    return {each.status for each in load.since(moment, path)}


def report(running: Running, load: Load, broken: float, mended: float) -> None:
    """The figures, for the reader of `pytest -s` and of a failure."""
    for path in (POST, READY, HEALTH):
        samples = load.since(broken, path)
        failed = [each for each in samples if each.status != 200]
        worst = max((each.took for each in failed), default=0)
        told = min((each.began + each.took - broken for each in failed), default=0)
        last = max((each.began - mended for each in failed), default=0)
        print(  # noqa: T201 -- figures of the run
            f"{running.log.parent.name} {path}: {len(failed)} of {len(samples)} failed, "
            f"worst {worst:.2f} s, slowest {max(each.took for each in samples):.2f} s, "
            f"first after {told:.2f} s, last {last:+.2f} s"
        )
    over = [each for each in load.since(broken) if each.took > ANSWER]
    lagging = [f"{load.lag_of(each):.2f}" for each in over if load.lag_of(each) > LAG]
    print(  # noqa: T201 -- figures of the run
        f"the client lagged by at most {load.lag.worst(broken):.3f} s; {len(lagging)} late answers "
        f"are the machine's and not counted ({', '.join(lagging) or 'none'})"
    )


@contextmanager
def crashed(site: Site) -> Iterator[None]:
    """No process of the database is there, and its port refuses connections."""
    site.database.crash()
    yield
    site.database.start()


@contextmanager
def frozen(site: Site) -> Iterator[None]:
    """The database's processes do nothing, while their kernel goes on acknowledging."""
    site.database.freeze()
    try:
        yield
    finally:
        site.database.thaw()


@contextmanager
def cut_off(site: Site, *, accept: bool) -> Iterator[None]:
    """Nothing arrives any more, on old connections and on new ones."""
    site.proxy.swallow(accept=accept)
    try:
        yield
    finally:
        site.proxy.heal()


@contextmanager
def slow(site: Site, seconds: float) -> Iterator[None]:
    """Everything takes longer, in each direction."""
    site.proxy.delay(seconds)
    try:
        yield
    finally:
        site.proxy.heal()


@contextmanager
def locked(site: Site) -> Iterator[None]:
    """A session of another program holds the table which learners' answers come from."""
    engine = create_engine(database_url(Secret(site.url)), poolclass=NullPool)
    lock, free = {
        "postgresql": ("LOCK TABLE generated_content IN ACCESS EXCLUSIVE MODE", "ROLLBACK"),
        "mysql": ("LOCK TABLES generated_content WRITE", "UNLOCK TABLES"),
    }[engine.dialect.name]
    with engine.connect() as link:
        link.execute(text(lock))
        yield
        link.execute(text(free))


def test_a_database_that_refuses_connections(site: Site, direct: Running) -> None:
    suffers(direct, crashed(site))


def test_a_frozen_database(site: Site, direct: Running) -> None:
    suffers(direct, frozen(site))


def test_a_network_that_swallows_everything(site: Site, distant: Running) -> None:
    suffers(distant, cut_off(site, accept=False))


def test_a_network_that_accepts_connections_and_says_nothing(site: Site, distant: Running) -> None:
    suffers(distant, cut_off(site, accept=True))


def test_a_network_that_is_slower_than_the_deadline(site: Site, distant: Running) -> None:
    suffers(distant, slow(site, 1.5))


def test_a_table_that_another_session_holds(site: Site, direct: Running) -> None:
    """Fewer learners than threads: what queues before the server is not the database's doing."""
    load = suffers(direct, locked(site), clients=5, unready=False)
    assert statuses(load, 0, READY) == {200}, "the database is not away, one table is"


def test_a_pool_whose_connections_are_all_held(site: Site) -> None:
    """One connection a worker, which waits for a table longer than anybody waits for it.

    There are more learners than threads: what queues before the server gets its 503 in time too.
    """
    settings = {"DB_POOL_SIZE": "1", "DB_MAX_OVERFLOW": "0", "DB_DEADLINE": "20"}
    with site.served(site.url, threads=4, **settings) as running:
        suffers(running, locked(site))
