"""The database itself is made where there is none, by one of many, or an administrator is asked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from knowalledge_api.database.drift import Drift, find_drift
from knowalledge_api.database.schema import SchemaStatus, migration_connection, schema_state
from tests.support.configuration import PASSWORD, settings_of
from tests.support.database_life import environment, opened
from tests.support.servers import Server

NAME = 'made by "us" `100%`'
"""A name that has to be quoted everywhere."""
AT_ONCE = 4


@pytest.fixture(params=["postgresql_16", "postgresql_18", "mariadb"])
def server(request: pytest.FixtureRequest) -> Server:
    found: Server = request.getfixturevalue(request.param)
    return found


def url_of(server: Server, name: str, user: str | None = None) -> str:
    url = server.url(name.replace("%", "%25").replace('"', "%22").replace(" ", "%20"))
    return url if user is None else url.replace("//knowalledge:", f"//{user}:")


def begin(url: str, directory: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "knowctl", "db", "init", "--create", "-o", "json"],
        cwd=directory,
        env={**environment(url), "KNOWCTL_ENV_FILE": os.devnull},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def drop(server: Server, name: str) -> None:
    mark = '"' if server.scheme == "postgresql" else "`"
    server.execute(f"DROP DATABASE IF EXISTS {mark}{name.replace(mark, mark * 2)}{mark}")


def make_user(server: Server, name: str) -> None:
    host, secret = ("", "PASSWORD") if server.scheme == "postgresql" else ("@'%'", "IDENTIFIED BY")
    server.execute(f"DROP USER IF EXISTS {name}{host}")
    server.execute(f"CREATE USER {name}{host} {secret} '{PASSWORD}'")


def test_one_of_many_makes_the_database_and_all_find_it_migrated(
    server: Server, tmp_path: Path
) -> None:
    drop(server, NAME)
    processes = [begin(url_of(server, NAME), tmp_path) for _ in range(AT_ONCE)]
    said = [(*each.communicate(timeout=120), each.returncode) for each in processes]
    assert [code for *_, code in said] == [0] * AT_ONCE, said
    made = [json.loads(out)["data"] for out, *_ in said]
    assert sorted(each["created"] for each in made) == [False] * (AT_ONCE - 1) + [True]
    assert len([each for each in made if each["applied"]]) == 1
    settings = settings_of(DATABASE_URL=url_of(server, NAME))
    with opened(settings) as database:
        assert schema_state(database).status is SchemaStatus.OK
    assert find_drift(settings) == Drift((), ())
    drop(server, NAME)


@pytest.mark.parametrize("known", [True, False])
def test_who_may_not_is_told_what_to_hand_to_an_administrator(
    server: Server, tmp_path: Path, *, known: bool
) -> None:
    drop(server, "plain")
    if known:
        make_user(server, "humble")
    user = "humble" if known else "nobody_yet"
    process = begin(url_of(server, "plain", user), tmp_path)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 4, out + err
    document = json.loads(out)
    sql = document["data"]["sql"]
    assert document["error"]["code"] == "refused"
    assert ("CREATE USER" in sql) is not known
    assert PASSWORD not in out + err
    for statement in sql.splitlines():
        server.execute(statement.replace("…", PASSWORD))
    process = begin(url_of(server, "plain", user), tmp_path)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, out + err
    drop(server, "plain")


def test_the_statements_of_migrations_wait_for_locks_as_long_as_was_said(server: Server) -> None:
    drop(server, "waits")
    settings = settings_of(DATABASE_URL=server.create("waits"))
    asked = {"postgresql": "SHOW lock_timeout", "mysql": "SELECT @@lock_wait_timeout"}
    with migration_connection(settings, wait=1, lock_wait=7) as connection:
        assert str(connection.scalar(text(asked[server.scheme]))) in {"7", "7s"}
    drop(server, "waits")
