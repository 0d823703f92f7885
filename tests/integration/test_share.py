"""The database server's own count of connections, for real servers."""

from __future__ import annotations

import contextlib
from contextlib import ExitStack

import pytest

from knowalledge_api.database import Database
from knowctl.errors import KnowctlError
from knowctl.model.pool import DatabaseShare
from knowctl.probes.diagnosis import DiagnosisProbe
from tests.support import diagnosing
from tests.support.configuration import settings_of
from tests.support.processes import free_port


def counted(url: str, instance: str, **settings: str) -> DatabaseShare:
    found = DiagnosisProbe(settings_of(DATABASE_URL=url, **settings)).share(instance)
    assert found is not None
    return found


def connected(stack: ExitStack, url: str, instance: str) -> None:
    """One connection of an instance, kept until the stack is left."""
    database = Database(settings_of(DATABASE_URL=url, INSTANCE=instance))
    stack.enter_context(contextlib.closing(database))
    stack.enter_context(database.connection())


def test_postgresql_tells_instances_apart_by_their_names(postgresql_url: str) -> None:
    before = counted(postgresql_url, "share-500")
    assert before.ours == 0
    with ExitStack() as stack:
        for instance in ("share-500", "share-500", "share-5000", "x" * 40):
            connected(stack, postgresql_url, instance)
        stack.enter_context(diagnosing.session(postgresql_url))
        after = counted(postgresql_url, "share-500")
        assert after.ours == 2
        assert counted(postgresql_url, "share-5000").ours == 1
        assert counted(postgresql_url, "x" * 40).ours == 1
        assert counted(postgresql_url, "%").ours == 0
    assert after.others >= 3
    assert after.strangers >= 1
    assert (after.max_connections, after.reserved) == (100, 3)
    assert (after.counted_by, after.pooled) == ("application name", False)


def test_who_asks_counts_itself_nowhere(postgresql_url: str) -> None:
    first, second = (counted(postgresql_url, "5000") for _ in range(2))
    assert (first.ours, second.ours) == (0, 0)


def test_a_pooler_between_is_told(postgresql_url: str) -> None:
    assert counted(postgresql_url, "5000", DB_POOLER="pgbouncer").pooled


def test_mariadb_tells_by_user_host_and_database(mariadb_url: str) -> None:
    with ExitStack() as stack:
        before = counted(mariadb_url, "5000")
        for _ in range(2):
            connected(stack, mariadb_url, "5000")
        after = counted(mariadb_url, "another")
    assert (before.ours, after.ours) == (0, 2)
    assert after.strangers == after.others
    assert after.max_connections > 0
    assert after.counted_by == "user, host and database"


@pytest.mark.parametrize("scheme", ["postgresql", "mysql"])
def test_a_server_that_is_away_is_told(scheme: str) -> None:
    url = f"{scheme}://u:p@127.0.0.1:{free_port()}/x"
    with pytest.raises(KnowctlError) as raised:
        counted(url, "5000")
    assert "does not answer" in raised.value.failure.message
