from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine
from sqlalchemy.exc import DBAPIError, OperationalError

from knowalledge_api.database.diagnosis import sqlite
from knowalledge_api.database.diagnosis.facts import Encryption, Replication, Role, Route


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    engine = create_engine(f"sqlite:///{tmp_path}/a.db")
    with engine.connect() as opened:
        yield opened
    engine.dispose()


def test_a_file_says_its_version_and_its_journal(connection: Connection) -> None:
    product, version, rest = sqlite.server(connection).split(maxsplit=2)
    assert (product, version[0], rest) == ("SQLite", "3", "journal delete")


def test_a_file_needs_no_encryption_and_has_no_copies(connection: Connection) -> None:
    assert sqlite.encryption(connection) == Encryption(Route.FILE)
    assert sqlite.replication(connection) == Replication(Role.STANDALONE)


def test_what_a_file_keeps_no_list_of_is_nothing(connection: Connection) -> None:
    asked = [
        sqlite.transactions(connection, 1),  # type: ignore[func-returns-value]  # that is the point
        sqlite.locks(connection, 1),  # type: ignore[func-returns-value]  # the same
        sqlite.connections(connection),  # type: ignore[func-returns-value]  # the same
    ]
    assert asked == [None, None, None]


def test_a_write_that_is_not_allowed_is_told_from_other_failures(connection: Connection) -> None:
    with pytest.raises(OperationalError) as missing:
        connection.exec_driver_sql("INSERT INTO missing VALUES (1)")
    connection.exec_driver_sql("PRAGMA query_only = ON")
    with pytest.raises(DBAPIError) as refused:
        connection.exec_driver_sql("CREATE TABLE a (b)")
    assert sqlite.read_only(refused.value)
    assert not sqlite.read_only(missing.value)
    assert sqlite.needs(refused.value) is None
