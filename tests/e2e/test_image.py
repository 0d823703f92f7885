"""The Dockerfile's steps, and containers of it as README, Compose and Kubernetes run them."""

from __future__ import annotations

import dataclasses
import itertools
import re
import secrets
import socket
import stat
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.image import Container, Image, Shipped, build, run
from tests.support.manifests import of_compose, of_kubernetes
from tests.support.processes import START_SECONDS, checkout_copy, free_port
from tests.support.readme import README
from tests.support.servers import RedisServer, Server, postgresql, redis
from tests.support.waiting import wait_for

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="containers are Linux's"),
    pytest.mark.timeout(600),
]

CANARY = "canary-" + secrets.token_hex(8)
SECRET = secrets.token_hex(32)
OWN = Path("opt/knowalledge")
STOP = 60.0
NUMBERS = itertools.count()
KEYS = [
    "DATABASE_URL", "REDIS_URL", "CORS_ORIGINS", "CORS_ENABLED", "PORT", "GUNICORN_WORKERS",
    "GUNICORN_TIMEOUT", "LOG_LEVEL", "SECRET_KEY", "FORCE_HTTPS", "GOOGLE_API_KEY",
]  # fmt: skip
"""All that a .env of old holds, and all that it has to hold."""


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    """The image of this checkout, in which somebody has worked: settings and data lie about."""
    with tempfile.TemporaryDirectory(prefix="ka-", ignore_cleanup_errors=True) as directory:
        checkout = checkout_copy(Path(directory) / "checkout")
        for left in (".env", "knowalledge.db", "src/knowctl/.env", "src/knowalledge.db-wal"):
            (checkout / left).write_text(f"SECRET_KEY={CANARY}\n")
        with build(checkout) as built:
            yield built


@pytest.fixture(scope="module")
def database() -> Iterator[Server]:
    with postgresql(16) as server:
        yield server


@pytest.fixture
def own(database: Server, cache: RedisServer) -> dict[str, str]:
    """What every installation has of its own: an empty database, Redis, a key."""
    address = database.create(f"image_{next(NUMBERS)}")
    return {"DATABASE_URL": address, "REDIS_URL": cache.url, "SECRET_KEY": SECRET}


@pytest.fixture(scope="module")
def cache() -> Iterator[RedisServer]:
    with redis() as server:
        yield server


def env_file_of_readme() -> dict[str, str]:
    """The .env that README shows beside `docker run`."""
    (block,) = re.findall(r"```dotenv\n(.*?)```", README.read_text(), re.DOTALL)
    return dict(line.split("=", 1) for line in block.splitlines())


def files(image: Image) -> list[Path]:
    return [path for path in image.layer.rglob("*") if path.is_file() and not path.is_symlink()]


def written(container: Container) -> set[str]:
    """The places at the top of its root file system in which something was written."""
    files = (path for path in container.written.rglob("*") if not path.is_dir())
    return {path.relative_to(container.written).parts[0] for path in files}


@contextmanager
def shipped(image: Image, given: Shipped, port: int) -> Iterator[Container]:
    """A container as a platform runs it: nothing but its mounts can be written."""
    with run(image, given, port, read_only=True) as container:
        yield container


def ends(image: Image, given: Shipped) -> tuple[int, str]:
    """The exit code of a container that ends by itself, and what it said."""
    with shipped(image, given, free_port()) as container:
        code = container.running.process.wait(START_SECONDS)
        return code, container.running.said()


def says(container: Container, words: str) -> bool:
    """Whether a container that runs has said so."""
    assert container.running.process.poll() is None, container.running.said()
    return words in container.running.said()


def answers(container: Container) -> bool:
    assert container.running.process.poll() is None, container.running.said()
    with socket.socket() as plug:
        return plug.connect_ex(("127.0.0.1", container.running.port)) == 0


def serves(container: Container) -> None:
    """It gets well, says so to whoever probes it, and ends in order."""
    gets_well(container)
    assert container.stop(STOP) == 0


def gets_well(container: Container) -> None:
    running = container.running
    wait_for("it listens", lambda: answers(container), START_SECONDS, running.said)
    wait_for(
        "it is ready",
        lambda: running.request("GET", "/ready").status == 200,
        START_SECONDS,
        running.said,
    )
    assert running.request("GET", "/ready").body["checks"] == {
        "database": "ok",
        "schema": "ok",
        "redis": "ok",
    }
    assert running.request("GET", "/health").status == 200
    healthy = container.execute(*container.image.health)
    assert healthy.returncode == 0, healthy.stderr


def test_the_layers_hold_nothing_that_was_not_meant_to(image: Image) -> None:
    names = {path.relative_to(image.layer).parts[:2] for path in files(image)}
    assert {"/".join(parts) for parts in names} == {str(OWN)}
    assert [path for path in files(image) if CANARY.encode() in path.read_bytes()] == []


def test_nothing_in_it_can_be_changed_by_its_user_or_makes_anybody_root(image: Image) -> None:
    modes = {path: path.stat() for path in files(image)}
    bad = stat.S_ISUID | stat.S_ISGID | stat.S_IWGRP | stat.S_IWOTH
    assert [path for path, found in modes.items() if found.st_uid or found.st_mode & bad] == []
    run_directory = (image.layer / "run/knowctl").stat()
    assert (run_directory.st_uid, stat.S_IMODE(run_directory.st_mode)) == (10001, 0o700)


def test_docker_run_serves_with_an_env_file_of_old_from_an_empty_database(
    image: Image, own: dict[str, str]
) -> None:
    environ = env_file_of_readme()
    assert list(environ) == KEYS
    with run(image, Shipped((), {**environ, **own}, ()), free_port()) as container:
        serves(container)
        assert written(container) <= {"run", "tmp"}
        assert SECRET not in container.running.said()


def test_process_1_is_nobody_and_can_do_nothing_else(image: Image, own: dict[str, str]) -> None:
    port = free_port()
    with run(image, Shipped((), own, ()), port) as container:
        gets_well(container)
        lines = (Path("/proc") / str(container.init) / "status").read_text().splitlines()
        status = dict(line.split(":\t", 1) for line in lines)
        assert status["Uid"].split() == ["10001"] * 4
        assert int(status["CapEff"], 16) == int(status["CapBnd"], 16) == 0
        with socket.create_connection(("127.0.0.2", port), 5):
            pass  # on every address, not on the loopback's usual one alone
        where = container.execute("python", "-c", "import knowctl; print(knowctl.__file__)")
        assert where.stdout.startswith(f"/{OWN}/"), where.stderr
        for words in (("status",), ("users", "create", "ada", "--role", "admin")):
            done = container.execute("knowctl", *words)
            assert done.returncode == 0, done.stderr


def test_any_other_user_id_serves_as_well_where_it_may_write(
    image: Image, own: dict[str, str]
) -> None:
    somebody = dataclasses.replace(image, user="20001:0")
    with shipped(somebody, Shipped((), own, ("/run", "/tmp")), free_port()) as container:
        serves(container)


@pytest.mark.parametrize("platform", ["compose", "kubernetes"])
def test_a_platform_migrates_once_and_then_serves_where_nothing_can_be_written(
    image: Image, own: dict[str, str], platform: str
) -> None:
    """With the addresses of this machine in place of the platform's own."""
    migration, serving = manifests(platform, own)
    code, said = ends(image, serving)
    assert code == 4, "no server starts on an empty database"
    assert "knowctl db upgrade" in said
    assert ends(image, migration)[0] == 0
    with shipped(image, serving, free_port()) as container:
        gets_well(container)
        mounts = (Path("/proc") / str(container.init) / "mounts").read_text().splitlines()
        assert mounts[0].startswith("overlay / overlay ro")
        assert container.stop(STOP) == 0


def manifests(platform: str, own: Mapping[str, str]) -> tuple[Shipped, Shipped]:
    if platform == "kubernetes":
        found = of_kubernetes("Job", "migrate", own), of_kubernetes("Deployment", "api", own)
    else:
        given = {"POSTGRES_PASSWORD": "p", "REDIS_PASSWORD": "r"}
        found = of_compose("migrate", given, own), of_compose("api", given, own)
    migration, serving = (
        Shipped(each.command, {**each.environ, **own, "DRAIN_SECONDS": "1"}, each.tmpfs)
        for each in found
    )
    return migration, serving


def test_pods_of_a_new_release_wait_for_its_migration(image: Image, own: dict[str, str]) -> None:
    waiting = of_kubernetes("Deployment", "schema", own)
    with shipped(image, waiting, free_port()) as container:
        said = container.running.said
        wait_for("it waits", lambda: says(container, "waiting up to 300 s"), START_SECONDS, said)
        time.sleep(1)
        assert container.running.process.poll() is None
        assert ends(image, of_kubernetes("Job", "migrate", own))[0] == 0
        assert container.running.process.wait(START_SECONDS) == 0, said()
