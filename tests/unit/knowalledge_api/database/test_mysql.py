"""MariaDB and MySQL; what needs a server is told by the integration tests."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from pymysql.connections import Connection  # type: ignore[import-untyped, unused-ignore]
from sqlalchemy import make_url

from knowalledge_api.database import mysql
from knowalledge_api.database.limits import Limits
from knowalledge_api.database.turns import asker, turn

SERVING = Limits("name", 2, statement=1.3, silence=1.6)
MIGRATING = Limits("name", 2, lock=5.0)
MYSQL_SETTINGS = (
    "SET SESSION max_execution_time = 1300, innodb_lock_wait_timeout = 1, lock_wait_timeout = 1"
)
MARIADB = "5.5.5-10.11.6-MariaDB-log"


@dataclass
class Request:
    id: str = "r"
    route: str | None = None
    database_seconds: float = 0.0


@pytest.mark.parametrize(
    ("limits", "server", "statement"),
    [
        (SERVING, MARIADB, "SET SESSION max_statement_time = 1.3"),
        (
            SERVING,
            "8.4.0",
            MYSQL_SETTINGS,
        ),
        (MIGRATING, MARIADB, "SET SESSION lock_wait_timeout = 5"),
        (Limits("name", 2), MARIADB, ""),
    ],
)
def test_each_server_is_told_in_its_own_words(limits: Limits, server: str, statement: str) -> None:
    assert mysql.session_settings(limits, server) == statement


def connection(silence: float | None) -> mysql.BoundedConnection:
    return mysql.BoundedConnection(connect_timeout=2, silence=silence, defer_connect=True)


def test_a_connection_waits_as_long_as_it_is_trusted() -> None:
    link = connection(1.6)
    assert (link._read_timeout, link._write_timeout, link.connect_timeout) == (1.6, 1.6, 1.6)
    link.patience = 0.8
    assert (link._read_timeout, link._write_timeout) == (0.8, 0.8)
    assert connection(None)._read_timeout is None


def test_what_is_left_of_a_turn_bounds_each_wait_and_is_never_zero() -> None:
    link = connection(1.6)
    token = asker.set(Request())
    with turn(1.0):
        assert link._read_timeout is not None
        assert 0.5 < link._read_timeout <= 1.0
    with turn(0.0):
        assert link._read_timeout == mysql.SHORTEST
    asker.reset(token)


def test_the_drivers_own_time_outs_are_the_ones_that_are_replaced() -> None:
    plain = Connection(read_timeout=3, write_timeout=4, connect_timeout=5, defer_connect=True)
    assert (plain._read_timeout, plain._write_timeout, plain.connect_timeout) == (3, 4, 5)


def test_the_driver_gets_its_limits() -> None:
    assert mysql.connect_arguments(make_url("mysql://h/x"), SERVING) == {
        "connect_timeout": 2,
        "silence": 1.6,
        "program_name": "name",
    }


@pytest.mark.skipif(
    not hasattr(Connection(defer_connect=True), "ctx"),
    reason="PyMySQL before 1.2 prepares no TLS that nobody asked for",
)
def test_the_systems_certificates_are_read_once() -> None:
    first, second = connection(1), connection(1)
    assert first.ctx is second.ctx
    assert first.ctx.check_hostname is Connection(defer_connect=True).ctx.check_hostname


def test_a_certificate_that_is_asked_for_is_looked_at_each_time() -> None:
    options = {"connect_timeout": 1, "silence": 1, "defer_connect": True}
    with pytest.raises(FileNotFoundError):
        mysql.BoundedConnection(ssl_ca="/nowhere.pem", **options)
