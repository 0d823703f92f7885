from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from knowalledge_api.database.diagnosis import postgresql
from knowalledge_api.database.diagnosis.facts import Encryption, Replication, Role, Route


class FakeConnection:
    """Answers with these rows one after another, over a driver's connection with this info."""

    def __init__(self, *answers: Any, **info: Any) -> None:
        self.answers = list(answers)
        self.connection = SimpleNamespace(driver_connection=SimpleNamespace(info=Info(**info)))

    def scalar(self, *_: object) -> Any:
        return self.answers.pop(0)

    def execute(self, *_: object) -> Any:
        rows = self.answers.pop(0)
        return SimpleNamespace(one=lambda: rows)


class Info:
    """psycopg2's ConnectionInfo, as far as it is asked."""

    def __init__(self, host: str = "db", sslmode: str = "prefer", **ssl: str | None) -> None:
        self.host = host
        self.ssl_in_use = bool(ssl)
        self.dsn_parameters = {"sslmode": sslmode}
        self.ssl_attribute = ssl.get


@pytest.mark.parametrize(
    ("info", "found"),
    [
        ({"host": "/run"}, Encryption(Route.SOCKET)),
        ({"host": "localhost"}, Encryption(Route.LOOPBACK)),
        ({}, Encryption(Route.NETWORK)),
        (
            {"protocol": "TLSv1.3", "cipher": "AES"},
            Encryption(Route.NETWORK, "TLSv1.3", "AES", verified=False),
        ),
        (
            {"protocol": "TLSv1.3", "cipher": "AES", "sslmode": "verify-full"},
            Encryption(Route.NETWORK, "TLSv1.3", "AES", verified=True),
        ),
        ({"protocol": None}, Encryption(Route.NETWORK)),
    ],
)
def test_tls_is_told_as_the_driver_sees_it(info: dict[str, str], found: Encryption) -> None:
    connection: Any = FakeConnection(**info)
    assert postgresql.encryption(connection) == found


@pytest.mark.parametrize(
    ("answers", "found"),
    [
        ((False, (0, None)), Replication(Role.STANDALONE)),
        ((False, (2, 1)), Replication(Role.PRIMARY, 1.0, 2)),
        ((True, (0, True, False)), Replication(Role.REPLICA, 0.0)),
        ((True, (None, True, False)), Replication(Role.REPLICA)),
    ],
)
def test_the_role_is_known_by_recovery_and_followers(
    answers: tuple[Any, ...], found: Replication
) -> None:
    connection: Any = FakeConnection(*answers)
    assert postgresql.replication(connection) == found


def test_what_arrives_this_very_moment_is_no_lag() -> None:
    connection: Any = FakeConnection(True, (3600, True, False), (), (0, True, False))  # noqa: FBT003 -- what the server answers
    assert postgresql.replication(connection) == Replication(Role.REPLICA, 0.0)


@pytest.mark.parametrize(
    ("row", "broken"),
    [((0, False, False), "no WAL receiver"), ((0, True, True), "its replay is paused")],
)
def test_a_replica_that_follows_nobody_is_broken(row: tuple[Any, ...], broken: str) -> None:
    connection: Any = FakeConnection(True, row)  # noqa: FBT003 -- what the server answers
    assert postgresql.replication(connection).broken.startswith(broken)


@pytest.mark.parametrize(("code", "told"), [("25006", True), ("42501", False), (None, False)])
def test_a_write_that_is_not_allowed_is_told_by_its_code(code: str | None, *, told: bool) -> None:
    class DriverError(Exception):
        pgcode = code

    error = DBAPIError("INSERT", {}, DriverError())
    assert postgresql.read_only(error) is told
    assert postgresql.needs(error) is None
