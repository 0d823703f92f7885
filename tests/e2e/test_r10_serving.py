"""R10 while a server runs: no answer, record, metric, file or process shows a secret."""

from __future__ import annotations

import stat
import sys
from pathlib import Path
from typing import Final
from urllib.parse import quote

import pytest

from tests.support import canaries
from tests.support.releases import Served, releases, served
from tests.support.scraping import fetch
from tests.support.servers import Server, postgresql

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="a supervisor's run directory"),
    pytest.mark.timeout(240),
]

PATHS: Final = ("/health", "/ready", "/metrics", "/api/stats", "/api/openapi.json", "/nowhere")
COMMANDS: Final = (("status",), ("stacks",), ("inflight",), ("pool", "stats"), ("cache", "stats"))


def settings_of(server: Server) -> dict[str, str]:
    """Every secret with its canary; the database's two are passwords that hold."""
    held = canaries.environment(AI_PROVIDER="offline", LOG_LEVEL="debug", FORCE_HTTPS="false")
    for name, role in (("DATABASE_URL", "app"), ("DATABASE_MIGRATION_URL", "ddl")):
        secret = canaries.canary(name)
        server.execute(f"CREATE ROLE {role} LOGIN SUPERUSER PASSWORD '{secret}'")
        place = f"{role}:{quote(secret, safe='')}@127.0.0.1:{server.port}"
        held[name] = f"postgresql://{place}/postgres?application_name={quote(secret, safe='')}"
    return held


def answered(each: Served) -> str:
    """What every path and every command about the server says."""
    bearer = {"Authorization": f"Bearer {canaries.canary('METRICS_TOKEN')}"}
    told = []
    for path in PATHS:
        _, headers, body = fetch(each.running.port, path, **bearer)
        told.append(f"{headers}{body}")
    for words in COMMANDS:
        done = each.knowctl(*words, "-v", "--debug")
        told.append(done.stdout + done.stderr)
    return "\n".join(told)


def open_files(directory: Path) -> list[Path]:
    """Files that hold a canary, and that others than their owner may read."""
    found = [each for each in directory.rglob("*") if stat.S_ISREG(each.lstat().st_mode)]
    assert found
    return [
        each
        for each in found
        if each.stat().st_mode & 0o077 and canaries.leaks(each.read_bytes().decode("latin-1"))
    ]


def test_a_running_server_shows_no_secret_with_a_database_and_without() -> None:
    with postgresql(16) as server, releases() as site:
        with served(site, settings_of(server)) as each:
            before = answered(each)
            lines = "\n".join(each.running.named().values())
            files = open_files(site.run)
            server.crash()
            after = answered(each)
        logged = each.running.said()
    assert "knowctl" in lines
    for text in (before, lines, after, logged):
        assert canaries.leaks(text) == []
    assert files == []
