"""R12: TLS with the configured certificate; a reload takes up a renewed one and drops nothing."""

from __future__ import annotations

import shutil
import ssl
import sys
import tempfile
import time
from pathlib import Path

import pytest

from tests.support.keepalive import crowded
from tests.support.pgbouncer import make_certificate
from tests.support.processes import unverified
from tests.support.releases import Served, releases, served
from tests.support.waiting import wait_for

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="waitress speaks no TLS")

CLIENTS = 16
PAUSE = (0.0, 0.2)
KEPT = 1.0
"""Seconds under load with a key on the disk that does not fit the certificate."""


def shown(each: Served) -> str:
    """The certificate that a new connection is shown."""
    return ssl.get_server_certificate(("127.0.0.1", each.running.port), timeout=10)


def renew(certificate: Path, key: Path) -> None:
    """Another certificate and key, the key some time before what it belongs to."""
    with tempfile.TemporaryDirectory() as directory:
        fresh = make_certificate(Path(directory))
        shutil.copy(fresh.with_name("key.pem"), key)
        time.sleep(KEPT)
        shutil.copy(fresh, certificate)


def test_a_renewed_certificate_is_taken_up_by_a_reload_and_nothing_is_dropped() -> None:
    with releases() as site:
        certificate = make_certificate(site.root)
        key = certificate.with_name("key.pem")
        settings = {"SSL_CERTFILE": str(certificate), "SSL_KEYFILE": str(key)}
        calm = {"GUNICORN_MAX_REQUESTS": "0", "GUNICORN_KEEPALIVE": "2"}
        with served(site, {**settings, **calm}) as each:
            first = certificate.read_text()
            assert shown(each).strip() == first.strip()
            with crowded(each.running.port, CLIENTS, pause=PAUSE, tls=unverified()) as crowd:
                time.sleep(KEPT)
                renew(certificate, key)
                time.sleep(KEPT)
                assert shown(each).strip() == first.strip(), "nobody has asked for the new one yet"
                each.reload()
                second = certificate.read_text().strip()
                wait_for("the renewed certificate", lambda: shown(each).strip() == second, 5)
                time.sleep(KEPT)
            assert crowd.failures() == []
            assert second != first.strip()


def test_a_key_that_does_not_fit_is_refused_and_the_old_certificate_stays() -> None:
    with releases() as site:
        certificate = make_certificate(site.root)
        settings = {"SSL_CERTFILE": str(certificate), "SSL_KEYFILE": f"{site.root}/key.pem"}
        with served(site, settings) as each:
            first = certificate.read_text().strip()
            with tempfile.TemporaryDirectory() as other:
                shutil.copy(make_certificate(Path(other)).with_name("key.pem"), site.root)
            with crowded(each.running.port, 4, pause=PAUSE, tls=unverified()) as crowd:
                done = each.knowctl("reload")
            assert done.returncode == 1
            assert "key" in done.stderr.lower()
            assert shown(each).strip() == first
            assert crowd.failures() == []
