from __future__ import annotations

import pytest

from knowctl.model.findings import Outcome
from tests.support.checking import (
    ERROR,
    INFO,
    POSTGRES,
    PRODUCTION,
    WARNING,
    Case,
    outcomes,
)

CASES = (
    Case(
        "KC301", WARNING, PRODUCTION, "DATABASE_URL is SQLite in production",
        f"set DATABASE_URL={POSTGRES}", {**PRODUCTION, "DATABASE_URL": POSTGRES},
    ),
    Case(
        "KC302", ERROR, {"REPLICAS": "2"}, "REPLICAS is 2", f"set DATABASE_URL={POSTGRES}",
        {"REPLICAS": "2", "DATABASE_URL": POSTGRES},
    ),
    Case(
        "KC302", ERROR, {"REPLICAS": "3", "DATABASE_URL": "sqlite+pysqlite:///x.db"},
        "DATABASE_URL is SQLite", "REPLICAS=1", {"REPLICAS": "1"},
    ),
    Case("KC303", ERROR, {"DATABASE_URL": POSTGRES}, "psycopg2", "pip install psycopg2-binary",
        {"DATABASE_URL": POSTGRES}, around={"missing": ("psycopg2",)},
        around_after={"missing": ()}),
    Case("KC303", ERROR, {"DATABASE_URL": "mysql://host/name"}, "pymysql",
        "pip install 'knowctl[mysql]'", {"DATABASE_URL": "mysql://host/name"},
        around={"missing": ("pymysql",)}, around_after={"missing": ()}),
    Case("KC304", WARNING, {**PRODUCTION, "DATABASE_URL": POSTGRES}, "TLS to host",
        "add ?sslmode=require", {**PRODUCTION, "DATABASE_URL": f"{POSTGRES}?sslmode=require"}),
    Case("KC304", WARNING, {**PRODUCTION, "DATABASE_URL": "mariadb://host/name"}, "TLS to host",
        "add ?ssl_verify_cert=true",
        {**PRODUCTION, "DATABASE_URL": "mariadb://host/name?ssl_verify_cert=true"}),
    Case("KC305", WARNING, {"DATABASE_URL": POSTGRES, "GUNICORN_WORKERS": "5"},
        "2 x 5 x 25 = 250 connections at most, and the database has 97",
        "set DB_POOL_SIZE=9 and DB_MAX_OVERFLOW=0",
        {"DATABASE_URL": POSTGRES, "GUNICORN_WORKERS": "5", "DB_POOL_SIZE": "9",
         "DB_MAX_OVERFLOW": "0"}),
    Case("KC305", WARNING, {"DATABASE_URL": POSTGRES, "GUNICORN_WORKERS": "49",
         "DB_POOL_SIZE": "1", "DB_MAX_OVERFLOW": "0"}, "2 x 49 x 1 = 98", "set GUNICORN_WORKERS=1",
        {"DATABASE_URL": POSTGRES, "GUNICORN_WORKERS": "1", "DB_POOL_SIZE": "1",
         "DB_MAX_OVERFLOW": "0"}),
    Case("KC306", INFO, {"DATABASE_URL": POSTGRES, "DB_MAX_OVERFLOW": "0"},
        "24 threads share 10 connections", "set DB_MAX_OVERFLOW=14",
        {"DATABASE_URL": POSTGRES, "DB_MAX_OVERFLOW": "14"}),
    Case("KC306", INFO, {"DATABASE_URL": POSTGRES, "DB_MAX_OVERFLOW": "0"}, "gets 503",
        "or lower GUNICORN_THREADS",
        {"DATABASE_URL": POSTGRES, "DB_MAX_OVERFLOW": "0", "GUNICORN_THREADS": "10"}),
    Case("KC307", INFO, {"GUNICORN_THREADS": "4"}, "DB_POOL_SIZE is 10, and 4 threads",
        "set DB_POOL_SIZE=5", {"GUNICORN_THREADS": "4", "DB_POOL_SIZE": "5"}),
    Case("KC307", INFO, {"SERVER": "waitress", "WAITRESS_THREADS": "4"}, "4 threads",
        "or raise WAITRESS_THREADS", {"SERVER": "waitress", "WAITRESS_THREADS": "9"}),
    Case("KC308", ERROR, {"DATABASE_URL": POSTGRES, "DB_POOLER": "pgbouncer"}, "DB_POOLER",
        "set DATABASE_MIGRATION_URL",
        {"DATABASE_URL": POSTGRES, "DB_POOLER": "pgbouncer", "DATABASE_MIGRATION_URL": POSTGRES}),
    Case("KC401", WARNING, {**PRODUCTION, "REDIS_URL": "redis://:canary@cache:6379/0"}, "cache",
        "write rediss://", {**PRODUCTION, "REDIS_URL": "rediss://:canary@cache:6379/0"}),
    Case("KC402", WARNING, {**PRODUCTION, "REDIS_URL": "redis://cache:6379/0"}, "cache",
        "redis://:PASSWORD@host", {**PRODUCTION, "REDIS_URL": "redis://:canary@cache:6379/0"}),
    Case("KC403", WARNING, {"REPLICAS": "2"}, "REPLICAS is 2", "set REDIS_URL=redis://host:6379/0",
        {"REPLICAS": "2", "REDIS_URL": "redis://host:6379/0"}),
)  # fmt: skip
SILENT = {
    "KC301": {"DATABASE_URL": "sqlite:///x.db"},
    "KC302": {"REPLICAS": "1"},
    "KC303": {"DATABASE_URL": POSTGRES},
    "KC304": {**PRODUCTION, "DATABASE_URL": "postgresql:///name?host=/run/postgresql"},
    "KC305": {"DATABASE_URL": POSTGRES, "GUNICORN_WORKERS": "1"},
    "KC306": {"DB_MAX_OVERFLOW": "0"},
    "KC307": {},
    "KC308": {"DB_POOLER": "none"},
    "KC401": {**PRODUCTION, "REDIS_URL": "unix:///run/redis.sock"},
    "KC402": {**PRODUCTION, "REDIS_URL": "redis://127.0.0.1/0"},
    "KC403": {"REPLICAS": "1"},
}
"""What is near to each fault and none."""


@pytest.mark.parametrize(
    ("name", "environ"),
    [
        ("KC304", {"DATABASE_URL": POSTGRES}),
        ("KC304", {**PRODUCTION, "DATABASE_URL": "mysql:///name?unix_socket=/run/mysqld.sock"}),
        (
            "KC304",
            {**PRODUCTION, "DATABASE_URL": f"{POSTGRES}?sslmode=verify-ca"},
        ),
        ("KC304", {**PRODUCTION, "DATABASE_URL": "mysql://host/name?ssl_ca=ca.pem"}),
        ("KC401", {"REDIS_URL": "redis://cache"}),
        ("KC402", {"REDIS_URL": "redis://cache"}),
    ],
)
def test_what_stays_here_or_is_encrypted_is_safe(name: str, environ: dict[str, str]) -> None:
    assert outcomes(environ, name) == {Outcome.PASS}


def test_a_preference_for_tls_is_no_demand() -> None:
    environ = {**PRODUCTION, "DATABASE_URL": f"{POSTGRES}?sslmode=prefer"}
    assert outcomes(environ, "KC304") == {Outcome.FAIL}
