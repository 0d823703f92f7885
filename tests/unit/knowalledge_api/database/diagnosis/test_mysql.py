from __future__ import annotations

import ssl
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError

from knowalledge_api.database.diagnosis import mysql
from knowalledge_api.database.diagnosis.facts import Encryption, LockWait, Replication, Role, Route

URL = "mysql+pymysql://u:p@db/x"
MONITOR, CLIENT, SELECT = mysql.GRANTS.values()


class FakeConnection:
    """Answers with these rows one after another."""

    def __init__(
        self, *answers: Any, mariadb: bool = True, url: str = URL, driver: Any = None
    ) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []
        self.dialect = SimpleNamespace(is_mariadb=mariadb)
        self.engine = SimpleNamespace(url=make_url(url))
        self.connection = SimpleNamespace(driver_connection=driver)

    def scalar(self, *_: object) -> Any:
        return self.answers.pop(0)

    def execute(self, statement: object, *_: object) -> Any:
        self.asked.append(str(statement))
        return FakeResult(self.answers.pop(0))


class FakeResult:
    def __init__(self, rows: Any) -> None:
        self.rows = rows

    def __iter__(self) -> Iterator[Any]:
        return iter(self.rows)

    def mappings(self) -> Any:
        return SimpleNamespace(first=lambda: self.rows)


@pytest.mark.parametrize(
    ("mariadb", "version", "told"),
    [(True, "10.11.19-MariaDB-0+deb12u1", "MariaDB 10.11.19"), (False, "8.4.3", "MySQL 8.4.3")],
)
def test_the_two_products_are_told_apart(mariadb: bool, version: str, told: str) -> None:
    connection: Any = FakeConnection(version, mariadb=mariadb)
    assert mysql.server(connection) == told


@pytest.mark.parametrize(
    ("url", "cipher", "mode", "found"),
    [
        (URL, "", ssl.CERT_NONE, Encryption(Route.NETWORK)),
        (URL, "AES", ssl.CERT_NONE, Encryption(Route.NETWORK, "TLSv1.3", "AES")),
        (URL, "AES", ssl.CERT_REQUIRED, Encryption(Route.NETWORK, "TLSv1.3", "AES", verified=True)),
        (f"{URL}?unix_socket=/run/x", "", ssl.CERT_NONE, Encryption(Route.SOCKET)),
    ],
)
def test_tls_is_told_as_the_server_sees_it(
    url: str, cipher: str, mode: ssl.VerifyMode, found: Encryption
) -> None:
    rows = [("Ssl_cipher", cipher), ("Ssl_version", "TLSv1.3" if cipher else "")]
    driver = SimpleNamespace(ctx=SimpleNamespace(verify_mode=mode))
    connection: Any = FakeConnection(rows, url=url, driver=driver)
    assert mysql.encryption(connection) == found


RUNS = {"Slave_IO_Running": "Yes", "Slave_SQL_Running": "Yes", "Seconds_Behind_Master": 3}
OF_MYSQL = {"Replica_IO_Running": "Yes", "Replica_SQL_Running": "Yes", "Seconds_Behind_Source": 3}


@pytest.mark.parametrize(
    ("answers", "found"),
    [
        ((None, 0), Replication(Role.STANDALONE)),
        ((None, 2), Replication(Role.PRIMARY, replicas=2)),
        ((RUNS,), Replication(Role.REPLICA, 3.0)),
        ((OF_MYSQL,), Replication(Role.REPLICA, 3.0)),
        (
            ({**RUNS, "Slave_IO_Running": "Connecting", "Seconds_Behind_Master": None},),
            Replication(Role.REPLICA, broken="its receiver does not run: it says Connecting"),
        ),
        (
            ({**RUNS, "Slave_SQL_Running": "No", "Last_SQL_Errno": 1062},),
            Replication(Role.REPLICA, 3.0, broken="its applier does not run: error 1062"),
        ),
    ],
)
def test_the_role_is_known_by_whom_it_follows_and_who_follows(
    answers: tuple[Any, ...], found: Replication
) -> None:
    connection: Any = FakeConnection(*answers)
    assert mysql.replication(connection) == found


@pytest.mark.parametrize(
    ("mariadb", "view"),
    [(True, "information_schema.innodb_lock_waits"), (False, "performance_schema.data_lock_waits")],
)
def test_waits_for_rows_and_for_tables_are_listed_together(mariadb: bool, view: str) -> None:
    row = (7, 3, "`x`.`topics`", "app", "UPDATE t SET a = 1", 8, "idle in transaction", "app", None)
    table = (9, 2, "Waiting for table metadata lock", "dba", "ALTER TABLE t ADD b INT")
    connection: Any = FakeConnection([row], [table], mariadb=mariadb)
    assert mysql.locks(connection, 1) == (
        LockWait(
            7, 3.0, "topics", "app", "UPDATE t SET a = ?", 8, "idle in transaction", "app", ""
        ),
        LockWait(9, 2.0, "", "dba", "ALTER TABLE t ADD b INT", None, "", "", ""),
    )
    assert view in connection.asked[0]


@pytest.mark.parametrize(
    ("arguments", "read_only", "needs"),
    [
        ((1290, "--read-only"), True, None),
        ((1227, "you need the PROCESS privilege"), False, mysql.ADVICE.see_others),
        ((1227, "you need (at least one of) the SLAVE MONITOR privilege(s)"), False, MONITOR),
        ((1227, "you need (at least one of) the SUPER, REPLICATION CLIENT"), False, CLIENT),
        ((1142, "SELECT command denied to user 'u' for table 'data_lock_waits'"), False, SELECT),
        ((2013, "Lost connection"), False, None),
        ((), False, None),
    ],
)
def test_errors_are_told_apart_by_their_codes(
    arguments: tuple[Any, ...], read_only: bool, needs: str | None
) -> None:
    error = DBAPIError("SELECT", {}, Exception(*arguments))
    assert mysql.read_only(error) is read_only
    assert mysql.needs(error) == needs
