"""A network on which each answer comes in time, and all answers of a request together do not."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

import pytest
from sqlalchemy import text

from knowalledge_api.database import Database
from knowalledge_api.database.turns import asker
from knowalledge_api.errors import DatabaseFault, DatabaseUnavailableError
from tests.support import database_life as life
from tests.support.configuration import settings_of
from tests.support.lag import watched
from tests.support.proxy import Proxy, proxied
from tests.support.servers import Server

EACH_WAY = 0.3


@dataclass
class Request:
    id: str = "r"
    route: str | None = "/r"
    database_seconds: float = 0.0


@dataclass(frozen=True)
class Way:
    url: str
    proxy: Proxy


@pytest.fixture(params=["postgresql_16", "mariadb"])
def way(request: pytest.FixtureRequest) -> Iterator[Way]:
    server: Server = request.getfixturevalue(request.param)
    with proxied(server.port) as proxy:
        database = "postgres" if server.scheme == "postgresql" else "mysql"
        url = server.url(database).replace(f":{server.port}/", f":{proxy.port}/")
        yield Way(url, proxy)


def ping_for_ever(database: Database) -> NoReturn:
    while True:
        database.ping()


def test_a_request_gives_up_after_all_its_waits_together(way: Way) -> None:
    with life.opened(settings_of(DATABASE_URL=way.url)) as database, watched() as lag:
        database.ping()
        way.proxy.delay(EACH_WAY)
        token = asker.set(Request())
        started = time.monotonic()
        with pytest.raises(DatabaseUnavailableError) as caught:
            ping_for_ever(database)
        took = time.monotonic() - started
        asker.reset(token)
    assert caught.value.fault is DatabaseFault.SILENT
    assert 1.5 < took < 2 + lag.worst(started), "the machine's own lag is not ours"


def test_a_script_may_take_its_time_as_long_as_it_gets_answers(way: Way) -> None:
    with life.opened(settings_of(DATABASE_URL=way.url)) as database:
        database.ping()
        way.proxy.delay(EACH_WAY)
        started = time.monotonic()
        with database.connection() as link:
            for _ in range(4):
                link.execute(text("SELECT 1"))
        assert time.monotonic() - started > 2


def test_a_connection_that_was_forgotten_on_the_way_is_replaced_within_the_request(
    way: Way,
) -> None:
    """As after a failover, or behind a firewall that forgets what was idle."""
    with life.opened(settings_of(DATABASE_URL=way.url)) as database, watched() as lag:
        database.ping()
        way.proxy.forget()
        token = asker.set(Request())
        started = time.monotonic()
        assert database.ping() > 0.5, "the ping was waited for"
        took = time.monotonic() - started
        assert database.ping() < 0.5
        asker.reset(token)
    assert took < 2 + lag.worst(started), "the machine's own lag is not ours"
