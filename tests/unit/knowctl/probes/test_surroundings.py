from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from knowalledge_api.settings import load
from knowctl.model.surroundings import FileFacts, ListedOrigin, ServerFacts, Surroundings
from knowctl.probes.surroundings import file_facts, look_around
from tests.support.certificates import make_pair
from tests.support.checking import KEY, TLS


def around(environ: Mapping[str, str], *, gemini: bool = False) -> Surroundings:
    return look_around(load(environ), environ, Path(".env"), gemini=gemini)


def test_where_nothing_is_set_there_is_nothing() -> None:
    found = around({"CORS_ENABLED": "false"})
    assert found.memory_mb
    assert replace(found, memory_mb=None) == Surroundings()


def test_the_strength_of_each_secret_is_known_and_none_of_them() -> None:
    environ = {
        "SECRET_KEY": KEY,
        "SECRET_KEY_FALLBACKS": f"{KEY}, {'hunter27' * 4}, ",
        "DATABASE_URL": "postgresql://user:hunter2@host/name",
        "REDIS_URL": "redis://host",
        "METRICS_TOKEN": ",",
    }
    found = {each.name: each for each in around(environ).strengths}
    assert found.keys() == {"SECRET_KEY", "SECRET_KEY_FALLBACKS", "DATABASE_URL", "METRICS_TOKEN"}
    assert found["SECRET_KEY"].bits > found["SECRET_KEY"].wanted
    assert found["SECRET_KEY_FALLBACKS"].bits < found["SECRET_KEY_FALLBACKS"].wanted, "the weakest"
    assert found["DATABASE_URL"].bits < 15
    assert found["METRICS_TOKEN"].bits == 0
    assert KEY not in repr(found)


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("sqlite:///x.db", None),
        ("postgresql://u:p@db:5432/n", ServerFacts("db", local=False, tls=False, password=True)),
        ("postgresql:///n", ServerFacts("", local=True, tls=False, password=False)),
        (
            "postgresql://h/n?sslmode=verify-full",
            ServerFacts("h", local=False, tls=True, password=False),
        ),
        (
            "postgresql://h/n?sslmode=allow",
            ServerFacts("h", local=False, tls=False, password=False),
        ),
        (
            "postgresql:///n?host=/run/postgresql",
            ServerFacts("/run/postgresql", local=True, tls=False, password=False),
        ),
        ("mysql://127.0.0.2/n", ServerFacts("127.0.0.2", local=True, tls=False, password=False)),
        ("mysql://h/n?ssl_ca=ca.pem", ServerFacts("h", local=False, tls=True, password=False)),
        (
            "mysql:///n?unix_socket=/run/mysqld.sock",
            ServerFacts("", local=True, tls=False, password=False),
        ),
    ],
)
def test_a_database_is_known_by_its_address(url: str, server: ServerFacts | None) -> None:
    assert around({"DATABASE_URL": url}).database == server


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("redis://:p@cache:6379/0", ServerFacts("cache", local=False, tls=False, password=True)),
        ("rediss://cache", ServerFacts("cache", local=False, tls=True, password=False)),
        ("redis://cache?password=p", ServerFacts("cache", local=False, tls=False, password=True)),
        ("unix:///run/redis.sock", ServerFacts("", local=True, tls=False, password=False)),
        ("redis://[::1]", ServerFacts("::1", local=True, tls=False, password=False)),
    ],
)
def test_a_redis_is_known_by_its_address(url: str, server: ServerFacts) -> None:
    assert around({"REDIS_URL": url}).redis == server


@pytest.mark.parametrize(
    ("text", "plain", "exposed"),
    [
        ("https://Learn.example:8443/app", "https://learn.example:8443", False),
        ("http://a.example", "http://a.example", True),
        ("http://localhost:3000", "http://localhost:3000", False),
        ("a.example", None, False),
        ("https://[::1", None, False),
        ("https://a:b", None, False),
        ("*", None, False),
    ],
)
def test_an_origin_is_known_as_browsers_send_it(
    text: str, plain: str | None, *, exposed: bool
) -> None:
    found = around({"CORS_ORIGINS": text}).origins
    assert found == (ListedOrigin(text, plain, exposed=exposed),)
    assert around({"CORS_ORIGINS": text, "CORS_ENABLED": "false"}).origins == ()


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("http://p:1", ServerFacts("p", local=False, tls=False, password=False)),
        ("https://localhost", ServerFacts("localhost", local=True, tls=True, password=False)),
    ],
)
def test_gemini_is_known_by_its_address(url: str, server: ServerFacts) -> None:
    assert around({"GEMINI_BASE_URL": url}, gemini=True).gemini == server
    assert around({"GEMINI_BASE_URL": url}).gemini is None


def test_files_with_secrets_are_known_by_their_modes() -> None:
    Path("key").write_text(KEY)
    Path("key").chmod(0o644)
    environ = {"SECRET_KEY_FILE": "key", "METRICS_TOKEN_FILE": "missing"}
    assert around(environ).secret_files == (FileFacts("key", 0o644),)
    assert file_facts(Path("\0")) is None


def test_a_certificate_is_read_with_its_key() -> None:
    pair = make_pair(Path())
    found = around(pair.as_settings())
    assert found.certificate
    assert found.certificate.days_left
    assert found.key_file
    assert found.key_file.path == str(pair.keyfile)
    alone = around({"SSL_CERTFILE": "c.pem"})
    assert (alone.certificate, alone.key_file) == (None, None)
    assert around(TLS).key_file is None


def test_a_committed_file_counts_where_it_holds_a_secret() -> None:
    subprocess.run(["git", "init", "-q"], check=True)
    Path(".env").write_text("DATABASE_URL=postgresql://host/name\n")
    Path("key").write_text(KEY)
    subprocess.run(["git", "add", ".env", "key"], check=True)
    assert around({}).committed.files == ()
    assert around({"SECRET_KEY_FILE": "key"}).committed.files == ("key",)
    Path(".env").write_text("DATABASE_URL=postgresql://user:hunter2@host/name\n")
    assert around({}).committed.files == (".env",)
    Path(".env").write_text(f"SECRET_KEY={KEY}\n")
    assert around({}).committed.files == (".env",)
    assert around({"SECRET_KEY": "another"}).committed.files == ()


def test_a_package_that_is_needed_and_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert around({"DATABASE_URL": "mysql://host/name"}, gemini=True).missing == ()
    monkeypatch.setattr("knowctl.probes.surroundings.DRIVERS", {"mysql": "no_such.driver"})
    assert around({"DATABASE_URL": "mysql://host/name"}).missing == ("no_such.driver",)


@pytest.mark.parametrize(
    ("value", "debug"), [("1", True), ("True", True), ("0", False), ("No", False), ("", False)]
)
def test_flask_debugs_where_it_is_told_to(value: str, *, debug: bool) -> None:
    assert around({"FLASK_DEBUG": value}).flask_debug is debug
