"""Help, version and completion start fast: they import nothing that only some command needs."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.support.processes import clean_environment

HEAVY = frozenset({
    "alembic", "asyncio", "cachetools", "dotenv", "flask", "google", "gunicorn", "httpx", "orjson",
    "psycopg2", "pydantic", "pymysql", "redis", "requests", "rich", "sqlalchemy", "waitress",
    "werkzeug",
})  # fmt: skip
RICH = frozenset({"rich"})
"""typer draws its help with it."""
COMPLETION = {
    "_KNOWCTL_COMPLETE": "complete_bash",
    "COMP_WORDS": "knowctl db ",
    "COMP_CWORD": "2",
}
HELPS = [
    *("--help", "config --help", "db --help", "serve --help", "health --help"),
    *("users create --help", "keys rotate --help", "routes check --help"),
    *("status --help", "pool stats --help", "stacks --help", "reload --help", "stop --help"),
    *("config explain --help", "config tune --help", "pool budget --help", "env check --help"),
]

PROBING = HEAVY | frozenset({
    "typer", "shellingham", "argparse", "email", "http", "ssl", "tempfile", "threading",
    "subprocess", "logging", "datetime", "uuid",
})  # fmt: skip
"""What a probe that runs every few seconds can do without."""
NOUNS = {"knowctl.model.address", "knowctl.model.health"}
SPOKEN = {f"knowctl.render.{name}" for name in ("voice", "style", "text", "health", "json")}

LOADED = """
import atexit, sys
atexit.register(lambda: print(*sys.modules, file=sys.stderr))
from knowctl.__main__ import run
run()
"""
"""A command line that says in the end which modules it has loaded, those loaded by name as well."""


class Ready(BaseHTTPRequestHandler):
    """Answers every question as a server does that is well."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"ready": true, "checks": {"database": "ok", "schema": "ok"}}')

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    """The port of a server that is well."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Ready) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join(10)


def imported(report: str) -> set[str]:
    """Every module in what `python -X importtime` wrote."""
    return set(re.findall(r"^import time: +\d+ \| +\d+ \| *(\S+)$", report, re.MULTILINE))


def heavy(report: str) -> set[str]:
    """The heavy packages among them."""
    return {name.partition(".")[0] for name in imported(report)} & HEAVY


def run(directory: Path, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "knowctl", *words],
        cwd=directory,
        env=clean_environment(**environ),
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_version_imports_nothing_heavy(tmp_path: Path) -> None:
    done = run(tmp_path, "--version")
    assert done.stdout.startswith("knowctl ")
    assert "knowctl.cli" in imported(done.stderr)
    assert heavy(done.stderr) == set()


@pytest.mark.parametrize("words", HELPS)
def test_help_imports_nothing_heavy_but_what_draws_it(tmp_path: Path, words: str) -> None:
    done = run(tmp_path, *words.split())
    assert "Example:" in done.stdout
    assert heavy(done.stderr) - RICH == set()


@pytest.mark.parametrize(
    "words", ["config explain KC302", "config tune", "pool budget", "env check"]
)
def test_what_reads_settings_alone_imports_no_server_and_no_database(
    tmp_path: Path, words: str
) -> None:
    done = run(tmp_path, *words.split())
    assert done.returncode == 0
    assert heavy(done.stderr) <= {"dotenv", "rich"}


def test_offline_a_check_imports_nothing_that_asks(tmp_path: Path) -> None:
    done = run(tmp_path, "config", "check")
    assert done.returncode == 0
    assert "knowctl.checks.live" in imported(done.stderr)
    assert not imported(done.stderr) & {
        *("knowctl.services.live_check", "knowctl.services.diagnosis"),
        *("knowctl.probes.redis_server", "knowctl.probes.operating_system", "sqlalchemy", "redis"),
    }


@pytest.mark.parametrize("words", ["health", "health --wait 5 --only server,database"])
def test_a_probe_of_health_imports_no_parser_no_client_and_no_noun_of_others(
    tmp_path: Path, port: int, words: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED, *words.split()],
        cwd=tmp_path,
        env=clean_environment(PORT=str(port)),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("✔ server     ok  ")
    found = set(done.stderr.split())
    assert {name.partition(".")[0] for name in found} & PROBING == set()
    for room, allowed in (("model", NOUNS), ("render", SPOKEN), ("checks", set[str]())):
        assert {name for name in found if name.startswith(f"knowctl.{room}.")} <= allowed
    assert {"knowctl.plain", "knowctl.commands.health"} <= found
    assert not {"knowctl.cli", "knowctl.shell", "knowctl.supervisor"} & found


def test_a_supervisor_that_stays_holds_nothing_heavy_in_memory() -> None:
    script = "import sys, knowctl.supervisor.__main__; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=clean_environment(),  # or coverage would bring what it needs
        capture_output=True,
        text=True,
        check=True,
    )
    found = {name.partition(".")[0] for name in done.stdout.split()}
    assert "knowctl" in found
    assert found & (HEAVY | {"typer", "ssl", "_hashlib"}) == set()


def test_what_is_not_plain_is_parsed_by_typer(tmp_path: Path, port: int) -> None:
    done = run(tmp_path, "-q", "health", PORT=str(port))
    assert done.stdout.startswith("✔ server     ok  ")
    assert {"typer", "knowctl.cli"} <= imported(done.stderr)


def test_completion_imports_nothing_heavy(tmp_path: Path) -> None:
    done = run(tmp_path, **COMPLETION)
    assert {"init", "upgrade", "check"} <= set(done.stdout.split())
    assert heavy(done.stderr) == set()


@pytest.mark.parametrize("package", sorted(HEAVY))
def test_a_heavy_package_is_seen_at_any_depth_and_in_any_part(package: str) -> None:
    head = "import time: self [us] | cumulative | imported package\n"
    for line in (
        f"       240 |        240 | {package}",
        f"  1 |  20 |         {package}.inner.part",
    ):
        assert heavy(f"{head}import time: {line}\n") == {package}
    assert heavy(f"{head}import time:   1 |   2 |   knowctl.{package}\n") == set()
