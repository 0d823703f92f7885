"""Help, version and completion start fast: they import nothing that only some command needs."""

from __future__ import annotations

import re
import subprocess
import sys
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
    *("config explain --help", "config tune --help", "pool budget --help"),
]


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


@pytest.mark.parametrize("words", ["config explain KC302", "config tune", "pool budget"])
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
