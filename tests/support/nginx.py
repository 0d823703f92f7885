"""A private nginx with the configuration of deploy/nginx, in front of a server under test."""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from tests.support.certificates import Pair, make_pair
from tests.support.processes import HOST, free_port, unverified
from tests.support.rooms import ROOT
from tests.support.servers import own_directory, unavailable

CONFIGURATION: Final = ROOT / "deploy" / "nginx" / "knowalledge.conf"
BOOT_SECONDS: Final = 20.0
AROUND: Final = """
{user}daemon off;
pid {directory}/pid;
error_log stderr;
worker_processes 1;
events {{}}
http {{
    access_log off;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    include {directory}/knowalledge.conf;
}}
"""
"""What stands around a file of conf.d, of which Debian's nginx.conf has more."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """A running nginx: its ports, and how to reach it by TLS."""

    plain: int
    secure: int

    def connection(self, source: str = HOST) -> http.client.HTTPSConnection:
        """A connection by TLS from an address of this machine."""
        return http.client.HTTPSConnection(
            HOST, self.secure, timeout=30, context=unverified(), source_address=(source, 0)
        )


def adapted(text: str, changes: dict[str, str]) -> str:
    """The configuration as its first lines ask for: adapted, each change where it was expected."""
    for old, new in changes.items():
        assert old in text, f"{CONFIGURATION.name} no longer says {old!r}"
        text = text.replace(old, new)
    return text


@contextmanager
def nginx(port: int) -> Iterator[Proxy]:
    """nginx from the system's packages, in front of the server on a port."""
    program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        unavailable("no nginx: nginx is not on PATH (apt install nginx)")
        return
    with own_directory() as directory:
        proxy = Proxy(free_port(), free_port())
        pair = make_pair(directory)
        configuration = directory / "knowalledge.conf"
        configuration.write_text(_for(proxy, port, pair))
        user = "" if os.geteuid() else "user nobody nogroup;\n"
        (directory / "nginx.conf").write_text(AROUND.format(user=user, directory=directory))
        command = [program, "-p", str(directory), "-c", "nginx.conf"]
        judged = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
        assert judged.returncode == 0, judged.stderr
        assert "[warn]" not in judged.stderr
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            _wait_until_it_listens(process, proxy)
            yield proxy
        finally:
            process.terminate()
            process.wait(20)


def _for(proxy: Proxy, port: int, pair: Pair) -> str:
    live = "/etc/letsencrypt/live/api.example.org"
    return adapted(
        CONFIGURATION.read_text(),
        {
            "listen 80;": f"listen {HOST}:{proxy.plain};",
            "listen 443 ssl": f"listen {HOST}:{proxy.secure} ssl",
            "    listen [::]:80;\n": "",
            "    listen [::]:443 ssl http2;\n": "",
            "server 127.0.0.1:5000": f"server {HOST}:{port}",
            f"{live}/fullchain.pem": str(pair.certfile),
            f"{live}/privkey.pem": str(pair.keyfile),
        },
    )


def _wait_until_it_listens(process: subprocess.Popen[bytes], proxy: Proxy) -> None:
    end = time.monotonic() + BOOT_SECONDS
    while True:
        with contextlib.suppress(OSError), socket.create_connection((HOST, proxy.secure), 1):
            return
        assert process.poll() is None, "nginx has ended"
        assert time.monotonic() < end, "nginx does not listen"
        time.sleep(0.05)
