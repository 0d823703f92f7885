"""Private replicas of private servers, by each database's own replication."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg2

from tests.support.configuration import PASSWORD
from tests.support.processes import free_port
from tests.support.servers import USER, Server, _apart, _served, mariadb, own_directory

PRIMARY = ("--log-bin=binlog", "--server-id=1")
"""What MariaDB needs to be followed; PostgreSQL needs nothing."""


@contextmanager
def postgresql_replica(primary: Server) -> Iterator[Server]:
    """A streaming replica, made by pg_basebackup."""
    binaries = Path(primary.command[0]).parent
    with own_directory() as directory:
        port, data = free_port(), directory / "data"
        source = f"host=127.0.0.1 port={primary.port} user={USER} password={PASSWORD}"
        subprocess.run(
            [binaries / "pg_basebackup", "-d", source, "-D", data, "-R", "-c", "fast", "-N"],
            check=True,
            capture_output=True,
            **_apart(directory),
        )
        data.chmod(0o700)
        command = [binaries / "postgres", "-D", data, "-p", str(port), "-k", directory]
        command += ["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]

        def execute(statement: str) -> list[tuple[object, ...]]:
            where = f"host=127.0.0.1 port={port} user={USER} password={PASSWORD} dbname=postgres"
            with contextlib.closing(psycopg2.connect(where, connect_timeout=5)) as link:
                cursor = link.cursor()
                cursor.execute(statement)
                return cursor.fetchall()

        copy = Server("postgresql", port, execute, command, directory)
        with _served(copy) as server:
            yield server


@contextmanager
def mariadb_replica(primary: Server) -> Iterator[Server]:
    """A replica of a server that was started with PRIMARY, from its first statement on."""
    with mariadb("--server-id=2", "--read-only=1") as server:
        primary.execute("RESET MASTER")  # the replica has made its users itself
        server.execute(
            f"CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT={primary.port},"
            f" MASTER_USER='{USER}', MASTER_PASSWORD='{PASSWORD}'"
        )
        server.execute("START SLAVE")
        yield server
