"""A private PgBouncer in transaction mode, in front of a private PostgreSQL."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg2

from tests.support.configuration import PASSWORD
from tests.support.processes import free_port
from tests.support.servers import NOBODY, USER, Server, own_directory, unavailable

BOOT_SECONDS = 20.0
OPTIONS = {
    "pool_mode": "transaction",
    "auth_type": "scram-sha-256",
    "default_pool_size": "4",
    "server_login_retry": "1",
    "logfile": "log",
    "unix_socket_dir": "",
    "listen_addr": "127.0.0.1",
}
"""PgBouncer's defaults else: a start-up parameter that it does not know is refused."""


@dataclass(frozen=True, slots=True)
class Pooler:
    """A running PgBouncer; `directory` holds its certificate where it has one."""

    port: int
    directory: Path

    def url(self, database: str) -> str:
        """The address of one of the databases behind it."""
        return f"postgresql://{USER}:{PASSWORD}@127.0.0.1:{self.port}/{database}"


@contextmanager
def pgbouncer(server: Server, *, tls: bool = False) -> Iterator[Pooler]:
    """PgBouncer from the system's packages, with a certificate of its own where wanted."""
    program = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        unavailable("no PgBouncer: pgbouncer is not on PATH (apt install pgbouncer)")
        return
    with own_directory() as directory:
        pooler = Pooler(free_port(), directory)
        options = {**OPTIONS, "listen_port": str(pooler.port), "auth_file": "users"}
        if tls:
            make_certificate(directory)
            options.update(
                client_tls_sslmode="require",
                client_tls_key_file="key.pem",
                client_tls_cert_file="certificate.pem",
            )
        lines = ["[databases]", f"* = host=127.0.0.1 port={server.port}", "[pgbouncer]"]
        lines += [f"{name} = {value}" for name, value in options.items()]
        (directory / "ini").write_text("\n".join(lines))
        (directory / "users").write_text(f'"{USER}" "{PASSWORD}"\n')
        for file in directory.iterdir():
            file.chmod(0o644)
        with _run([program, "ini"], pooler):
            yield pooler


def make_certificate(directory: Path) -> Path:
    """A certificate for 127.0.0.1 that signs itself, with its key beside it."""
    certificate = directory / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost",
         "-keyout", directory / "key.pem", "-out", certificate],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return certificate


@contextmanager
def _run(command: list[str], pooler: Pooler) -> Iterator[None]:
    root = os.geteuid() == 0
    process = subprocess.Popen(
        command,
        cwd=pooler.directory,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        user=NOBODY if root else None,
        group=NOBODY if root else None,
        extra_groups=[] if root else None,
    )
    try:
        _wait_until_it_answers(process, pooler)
        yield
    finally:
        process.kill()
        process.wait()


def _wait_until_it_answers(process: subprocess.Popen[bytes], pooler: Pooler) -> None:
    end = time.monotonic() + BOOT_SECONDS
    while True:
        try:
            link = psycopg2.connect(pooler.url("postgres"), connect_timeout=5)
        except psycopg2.Error:
            if process.poll() is not None or time.monotonic() > end:
                with contextlib.suppress(OSError):
                    unavailable(f"no PgBouncer: {(pooler.directory / 'log').read_text()[-500:]}")
                unavailable("no PgBouncer: it did not start")
            time.sleep(0.05)
        else:
            link.close()
            return
