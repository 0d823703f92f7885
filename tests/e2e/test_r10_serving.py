"""R10 while a server runs: no answer, record, metric, file or process shows a secret."""

from __future__ import annotations

import json
import stat
import sys
import tarfile
from pathlib import Path
from typing import Final
from urllib.parse import quote

import pytest

from knowalledge_api.app import create_app
from knowalledge_api.routes.openapi.document import document
from tests.support import canaries, gemini
from tests.support.configuration import settings_of as configured
from tests.support.processes import free_port, knowctl, serving
from tests.support.releases import Served, releases, served
from tests.support.scraping import fetch
from tests.support.servers import Server, postgresql
from tests.support.wire import exchanged, request

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="a supervisor's run directory"),
    pytest.mark.timeout(240),
]

PATHS: Final = ("/health", "/metrics", "/api/openapi.json", "/nowhere")
ROUTES: Final = tuple(
    (method.upper(), path.replace("{name}", "redis").replace("{key_id}", "1"))
    for path, methods in document(create_app(configured()))["paths"].items()
    for method in methods
)
"""Every route, as somebody without credentials, with the scraper's, and with nonsense."""
BODY: Final = b'{"topic": "x", "api_key": "y", "user_id": "z"}'
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
    for method, path in ROUTES:
        for header in ("X: y", f"Authorization: {bearer['Authorization']}", "X-API-Key: sk_x"):
            sent = request(method, path, "Content-Type: application/json", header, body=BODY)
            answer = exchanged(each.running.port, sent)
            told.append(f"{answer.headers}{answer.body.decode('latin-1')}")
    for words in COMMANDS:
        done = each.knowctl(*words, "-v", "--debug")
        told.append(done.stdout + done.stderr)
    return "\n".join(told)


def bundled(each: Served, archive: Path) -> dict[str, list[str]]:
    """What a bundle of this server shows, which has its workers and its log."""
    done = each.knowctl("doctor", "--live", "--bundle", str(archive), "-v", "--debug")
    assert done.returncode in {0, 1}, done.stderr
    assert "bug" not in done.stderr
    with tarfile.open(archive) as opened:
        status = opened.extractfile("bundle/status.json")
        assert status is not None
        assert json.load(status)["data"]["workers"]
    return {"output": canaries.leaks(done.stdout + done.stderr), **canaries.leaks_in(archive)}


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
            shown = bundled(each, site.run / "bundle.tar.gz")
            lines = "\n".join(each.running.named().values())
            files = open_files(site.run)
            server.crash()
            after = answered(each)
        logged = each.running.said()
    assert shown == {"output": []}
    assert "knowctl" in lines
    for text in (before, lines, after, logged):
        assert canaries.leaks(text) == []
    assert files == []


def test_an_ai_that_fails_and_repeats_the_key_does_not_have_it_shown(tmp_path: Path) -> None:
    key = canaries.canary("GOOGLE_API_KEY")
    error = {"error": {"code": 400, "message": f"API key {key} not valid", "status": key}}
    echoes: tuple[gemini.Saying | gemini.Said, ...] = (
        gemini.Said(json.dumps(error).encode(), 400),
        gemini.Said(json.dumps(error).encode(), 500, (("X-Echo", key),)),
        gemini.Said(key.encode()),
        gemini.Said(key.encode(), cut=50),
        gemini.answer(json.dumps({key: key})),
        gemini.slow(2),
        gemini.good,
    )
    with gemini.serving_gemini(key) as ai:
        settings = {"LOG_LEVEL": "debug", "AI_TIMEOUT": "1", **ai.environment}
        command = [sys.executable, "-m", "knowctl", "serve", "--workers", "1"]
        with serving(command, cwd=tmp_path, port=free_port(), environ=settings) as running:
            told = []
            for number, echo in enumerate(echoes):
                ai.say(echo)
                topic = {"topic": f"Topic {number}"}
                answer = running.request("POST", "/api/create_subtopics", topic)
                told.append(f"{answer.status} {answer.headers} {answer.body}")
            told.append(fetch(running.port, "/metrics")[2])
            for words in (("status", "-o", "json"), ("stacks",), ("inflight",)):
                done = knowctl(*words, "-v", cwd=tmp_path, environ={"PORT": str(running.port)})
                told.append(done.stdout + done.stderr)
            told.extend(running.named().values())
        told.append(running.said())
    assert [text[:3] for text in told[: len(echoes)]] == [
        *("422", "502", "502", "502", "502", "504", "200"),
    ]
    assert canaries.leaks("\n".join(told)) == []


def test_a_password_that_is_wrong_is_not_shown_by_whoever_tries_it(tmp_path: Path) -> None:
    with postgresql(16) as server:
        held = settings_of(server)
        for name in ("DATABASE_URL", "DATABASE_MIGRATION_URL"):
            role = held[name].partition("://")[2].partition(":")[0]
            server.execute(f"ALTER ROLE {role} PASSWORD 'another'")
        for words in (("db", "current"), ("db", "health"), ("db", "check"), ("health", "--direct")):
            done = knowctl(*words, "-v", "--debug", cwd=tmp_path, environ=held)
            assert done.returncode == 1, done.stdout
            assert "password authentication failed" in done.stdout + done.stderr
            assert canaries.leaks(done.stdout + done.stderr) == []
