"""`config check --live` against real servers: each trouble is made, found, and mended."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from knowctl.probes.redis_server import RedisProbe
from tests.support import servers
from tests.support.configuration import PASSWORD, settings_of
from tests.support.processes import clean_environment, free_port, knowctl
from tests.support.servers import RedisServer, Server

REDIS_IDS = ("KC410", "KC411", "KC412", "KC413", "KC414")
DATABASE_IDS = ("KC330", "KC331", "KC332", "KC333", "KC335")
BOUND = 20.0
"""Seconds for the whole command on a busy machine; most of it is Python's start."""


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    with servers.redis() as server:
        yield server


@pytest.fixture
def small() -> Iterator[Server]:
    with servers.postgresql(16, "-c", "max_connections=20") as server:
        yield server


def checked(cwd: Path, *words: str, **environ: str) -> dict[str, Any]:
    """The findings by id; the command takes bounded time, and shows no secret and no traceback."""
    started = time.monotonic()
    command = ("config", "check", "--live", "-o", "json", *words)
    done = knowctl(*command, cwd=cwd, environ={"SOAK_SECONDS": "0", **environ})
    assert time.monotonic() - started < BOUND
    assert PASSWORD not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return {each["id"]: each for each in json.loads(done.stdout)["data"]["findings"]}


def outcomes(found: dict[str, Any], *names: str) -> dict[str, str]:
    return {name: found[name]["outcome"] for name in names}


def asking(redis: RedisServer, *commands: tuple[str, ...], password: str = "") -> None:
    """Tell Redis something, as an administrator would with redis-cli."""
    import redis as client  # noqa: PLC0415 -- the fixture has its name

    with closing(client.Redis(port=redis.port, password=password or None)) as link:
        for command in commands:
            link.execute_command(*command)  # type: ignore[no-untyped-call]  # redis-py has not typed it


def test_a_fresh_database_of_any_kind_passes_once_it_is_migrated(
    urls: Iterator[str], tmp_path: Path
) -> None:
    environ = {"DATABASE_URL": next(urls), "GUNICORN_WORKERS": "1"}
    found = checked(tmp_path, **environ)
    assert outcomes(found, "KC310", "KC313") == {"KC310": "pass", "KC313": "fail"}
    assert found["KC335"]["outcome"] in {"skipped", "unknown"}
    assert knowctl("db", "upgrade", cwd=tmp_path, environ=environ).returncode == 0
    found = checked(tmp_path, **environ)
    names = ("KC332", "KC335") if "sqlite" in environ["DATABASE_URL"] else DATABASE_IDS
    assert set(outcomes(found, "KC313", "KC315", *names).values()) == {"pass"}
    assert set(outcomes(found, "KC520", "KC523", "KC524").values()) <= {"pass", "fail"}
    if "sqlite" not in environ["DATABASE_URL"]:
        assert found["KC522"]["outcome"] == "pass"


def test_a_small_server_has_no_room_for_the_defaults_and_has_for_what_fits(
    small: Server, tmp_path: Path
) -> None:
    environ = {"DATABASE_URL": small.url("postgres"), "GUNICORN_WORKERS": "5"}
    found = checked(tmp_path, **environ)
    assert found["KC330"]["outcome"] == "fail"
    assert "max_connections 20, 3 reserved, 0 of others" in found["KC330"]["cause"]
    assert found["KC330"]["hint"] == "knowctl config tune --max-connections 17"
    fits = {"GUNICORN_WORKERS": "2", "DB_POOL_SIZE": "4", "DB_MAX_OVERFLOW": "0"}
    assert outcomes(checked(tmp_path, **{**environ, **fits}), "KC330") == {"KC330": "pass"}


def test_a_server_full_of_strangers_has_no_room_now(small: Server, tmp_path: Path) -> None:
    import psycopg2  # noqa: PLC0415 -- this test alone

    url = small.url("postgres")
    links = [psycopg2.connect(url) for _ in range(14)]
    try:
        found = checked(tmp_path, DATABASE_URL=url)
    finally:
        for link in links:
            link.close()
    assert found["KC331"]["outcome"] == "fail"
    assert "of 17 connections are in use, 14 of them by others" in found["KC331"]["cause"]
    end = time.monotonic() + BOUND
    while outcomes(checked(tmp_path, DATABASE_URL=url), "KC331") != {"KC331": "pass"}:
        assert time.monotonic() < end, "they are gone"


def test_a_database_that_takes_no_writes_is_found_and_mended(
    postgresql_16: Server, tmp_path: Path
) -> None:
    environ = {"DATABASE_URL": postgresql_16.create("read_only")}
    assert knowctl("db", "upgrade", cwd=tmp_path, environ=environ).returncode == 0
    alter = "ALTER DATABASE read_only SET default_transaction_read_only = {}"
    postgresql_16.execute(alter.format("on"))
    assert outcomes(checked(tmp_path, **environ), "KC335") == {"KC335": "fail"}
    postgresql_16.execute(alter.format("off"))
    assert outcomes(checked(tmp_path, **environ), "KC335") == {"KC335": "pass"}


def test_a_frozen_database_costs_bounded_time_and_leaves_the_rest(
    postgresql_16: Server, tmp_path: Path
) -> None:
    postgresql_16.freeze()
    try:
        found = checked(tmp_path, DATABASE_URL=postgresql_16.url("postgres"))
    finally:
        postgresql_16.thaw()
    assert found["KC310"]["outcome"] == "fail"
    assert set(outcomes(found, *DATABASE_IDS).values()) == {"skipped"}
    assert found["KC520"]["outcome"] != "skipped"


def test_a_redis_of_this_machine_passes(redis: RedisServer, tmp_path: Path) -> None:
    found = checked(tmp_path, REDIS_URL=redis.url)
    assert set(outcomes(found, *REDIS_IDS, "KC522").values()) == {"pass"}


def test_a_redis_that_refuses_writes_once_full_is_found_and_mended(
    redis: RedisServer, tmp_path: Path
) -> None:
    asking(
        redis,
        ("CONFIG", "SET", "maxmemory-policy", "noeviction"),
        ("SET", "filling", "x" * 5_000_000),
        ("CONFIG", "SET", "maxmemory", "7mb"),
    )
    try:
        found = checked(tmp_path, REDIS_URL=redis.url)
        assert outcomes(found, "KC412", "KC413") == {"KC412": "fail", "KC413": "fail"}
        asking(redis, tuple(found["KC413"]["hint"].split(";")[0].split()[1:]))
        asking(redis, tuple(found["KC412"]["hint"].split(",")[0].split()[1:]))
        found = checked(tmp_path, REDIS_URL=redis.url)
        assert outcomes(found, "KC412", "KC413") == {"KC412": "pass", "KC413": "pass"}
    finally:
        asking(redis, ("FLUSHALL",), ("CONFIG", "SET", "maxmemory", "0"))


def test_a_redis_that_wants_a_password_is_found_and_mended(
    redis: RedisServer, tmp_path: Path
) -> None:
    asking(redis, ("CONFIG", "SET", "requirepass", PASSWORD))
    try:
        for given in ("", ":wrong@"):
            url = redis.url.replace("//", f"//{given}")
            found = checked(tmp_path, REDIS_URL=url)
            assert outcomes(found, "KC410", "KC412") == {"KC410": "fail", "KC412": "skipped"}
            assert "user and password" in found["KC410"]["hint"]
        url = redis.url.replace("//", f"//:{PASSWORD}@")
        assert outcomes(checked(tmp_path, REDIS_URL=url), "KC410") == {"KC410": "pass"}
    finally:
        asking(redis, ("CONFIG", "SET", "requirepass", ""), password=PASSWORD)


def test_what_a_user_of_redis_may_not_ask_is_unknown(redis: RedisServer, tmp_path: Path) -> None:
    asking(redis, ("ACL", "SETUSER", "few", "on", f">{PASSWORD}", "~*", "+ping", "+set"))
    found = checked(tmp_path, REDIS_URL=redis.url.replace("//", f"//few:{PASSWORD}@"))
    assert outcomes(found, "KC410", "KC411", "KC413", "KC522") == {
        **dict.fromkeys(("KC411", "KC413", "KC522"), "unknown"),
        "KC410": "pass",
    }


@pytest.mark.parametrize("how", ["frozen", "away"])
def test_a_redis_that_is_frozen_or_away_is_a_warning(
    redis: RedisServer, tmp_path: Path, how: str
) -> None:
    if how == "frozen":
        redis.freeze()
    try:
        url = redis.url if how == "frozen" else f"redis://127.0.0.1:{free_port()}/0"
        found = checked(tmp_path, REDIS_URL=url)
    finally:
        redis.thaw()
    assert found["KC410"]["outcome"] == "fail"
    assert found["KC410"]["severity"] == "warning"
    assert set(outcomes(found, *REDIS_IDS[1:]).values()) == {"skipped"}


def test_a_clock_that_is_wrong_is_told_from_one_that_is_right(redis: RedisServer) -> None:
    settings = settings_of(REDIS_URL=redis.url)
    right = RedisProbe(settings).ahead()
    wrong = RedisProbe(settings, lambda: time.time() + 10).ahead()
    assert isinstance(right, float)
    assert abs(right) < 1
    assert wrong == pytest.approx(-10, abs=1)


@pytest.mark.skipif(sys.platform == "win32", reason="no ulimit")
@pytest.mark.parametrize(("limit", "outcome"), [(256, "fail"), (2048, "pass")])
def test_the_limit_of_open_files_is_the_shell_s(tmp_path: Path, limit: int, outcome: str) -> None:
    words = "-m knowctl config check --live -o json --select KC520"
    done = subprocess.run(
        ["sh", "-c", f"ulimit -n {limit} && exec '{sys.executable}' {words}"],
        cwd=tmp_path,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    [finding] = json.loads(done.stdout)["data"]["findings"]
    assert finding["outcome"] == outcome
    if outcome == "fail":
        assert finding["cause"].startswith("256 may be open")
        assert finding["hint"].startswith("ulimit -n 2048 ")


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="takes another user")
def test_a_directory_of_somebody_else_is_found_and_mended() -> None:
    with servers.own_directory() as directory:
        owned = directory / "log"
        owned.mkdir(mode=0o700)
        assert _as_nobody(directory, str(owned / "x.log")) == ["Permission denied"]
        os.chown(owned, servers.NOBODY, servers.NOBODY)
        assert _as_nobody(directory, str(owned / "x.log")) == [""]


def test_a_directory_that_is_not_there_is_found_and_mended(tmp_path: Path) -> None:
    environ = {"LOG_FILE": str(tmp_path / "logs" / "x.log")}
    found = checked(tmp_path, "--select", "KC524", **environ)["KC524"]
    assert found["hint"].startswith(f"mkdir -p {tmp_path}/logs")
    (tmp_path / "logs").mkdir()
    assert outcomes(checked(tmp_path, "--select", "KC524", **environ), "KC524") == {"KC524": "pass"}


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="mounting takes root")
def test_a_disk_that_is_nearly_full_is_found_and_mended(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=100m", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting is not permitted here")
    try:
        environ = {"LOG_FILE": str(disk / "x.log")}
        words = ("--select", "KC523")
        command = ("config", "check", "--live", *words)
        done = knowctl(*command, cwd=tmp_path, environ=environ)
        assert f"{disk} has 100 MiB left" in done.stdout.replace("\n    ", " ")
        remount = ["mount", "-o", "remount,size=1g", str(disk)]
        subprocess.run(remount, check=True, capture_output=True)
        done = knowctl(*command, cwd=tmp_path, environ=environ)
        assert str(disk) not in done.stdout
    finally:
        subprocess.run(["umount", str(disk)], check=False, capture_output=True)


def _as_nobody(directory: Path, log: str) -> list[str]:
    """What a probe of another user has against the place of a log.

    It becomes that user once all is imported: the interpreter may be root's alone.
    """
    code = (
        "import os, sys; from knowctl.probes.operating_system import tried;"
        f"os.setgroups([]); os.setgid({servers.NOBODY}); os.setuid({servers.NOBODY});"
        "print(tried(__import__('pathlib').Path(sys.argv[1]).parent, 'LOG_FILE').trouble)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, log],
        cwd=directory,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout.split("\n")[:1]
