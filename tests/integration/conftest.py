"""Database servers for the session, and a new database for each test that asks."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from tests.support import servers

NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def postgresql_16() -> Iterator[servers.Server]:
    with servers.postgresql(16) as server:
        yield server


@pytest.fixture(scope="session")
def postgresql_18() -> Iterator[servers.Server]:
    with servers.postgresql(18) as server:
        yield server


@pytest.fixture(scope="session", params=["postgresql_16", "postgresql_18"])
def postgresql(request: pytest.FixtureRequest) -> servers.Server:
    server: servers.Server = request.getfixturevalue(request.param)
    return server


@pytest.fixture(scope="session")
def mariadb() -> Iterator[servers.Server]:
    with servers.mariadb() as server:
        yield server


@pytest.fixture
def postgresql_url(postgresql: servers.Server) -> str:
    return new_database(postgresql)


@pytest.fixture
def mariadb_url(mariadb: servers.Server) -> str:
    return new_database(mariadb)


@pytest.fixture(scope="session", params=["postgresql_16", "postgresql_18", "mariadb", "sqlite"])
def urls(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """New databases without end, of each kind of server."""
    if request.param == "sqlite":
        directory = tmp_path_factory.mktemp("sqlite")
        return (f"sqlite:///{directory}/{number}.db" for number in NUMBERS)
    server: servers.Server = request.getfixturevalue(request.param)
    return (new_database(server) for _ in itertools.repeat(None))


def new_database(server: servers.Server) -> str:
    return server.create(f"test_{next(NUMBERS)}")
