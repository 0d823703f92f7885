"""Windows as far as another platform can be it: what is imported there, and what commands do."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.processes import clean_environment
from tests.support.rooms import SRC, modules
from tests.support.windows import KNOWCTL, PRETENDING, ROOT

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there it need not be played")

SUPERVISOR = ("__main__", "generations", "preparation", "prober", "processes", "supervision")
GUNICORN = ("answers", "connection", "leaving", "outgoing", "requests")
NOT_TAKEN = {
    **{
        f"knowalledge_api.gunicorn_{name}": "gunicorn is not installed there"
        for name in (*GUNICORN, "clients", "config", "worker")
    },
    **{
        f"knowctl.supervisor.{name}": "there is no supervisor: no child is given a socket"
        for name in (*SUPERVISOR, "upkeep")
    },
}
"""The modules that Windows does not take, and why; nothing that it takes may import them."""
IMPORTING = f"""{PRETENDING}
import importlib, json
failed = {{}}
for name in sys.argv[1:]:
    try:
        importlib.import_module(name)
    except (ImportError, AttributeError) as error:
        failed[name] = str(error)
print(json.dumps({{"failed": failed, "loaded": sorted(sys.modules)}}))
"""


def names() -> list[str]:
    """Every module of ours but those of migrations, which Alembic loads from files."""
    places = [each.relative_to(SRC).with_suffix("") for each in modules()]
    dotted = [".".join(each.parts).removesuffix(".__init__") for each in places]
    return [name for name in dotted if ".migrations" not in name]


def run(script: str, directory: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script, *words],
        cwd=directory,
        env=clean_environment(PYTHONPATH=str(ROOT), TEMP=str(directory)),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_every_module_that_windows_takes_is_imported_there(tmp_path: Path) -> None:
    done = run(IMPORTING, tmp_path, *names())
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert set(said["failed"]) == set(NOT_TAKEN), said["failed"]


def test_nothing_that_windows_takes_imports_what_it_does_not(tmp_path: Path) -> None:
    taken = [name for name in names() if name not in NOT_TAKEN]
    said = json.loads(run(IMPORTING, tmp_path, *taken).stdout)
    assert said["failed"] == {}
    assert set(said["loaded"]) & {*NOT_TAKEN, "gunicorn", "fcntl", "resource"} == set()
    assert "waitress" in said["loaded"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("--version", "knowctl "),
        ("--help", "config"),
        ("serve --help", "waitress on Windows"),
        ("config check", "checked: "),
        ("config show SERVER --origin", "auto"),
        ("config init --environment production", "written"),
        ("config tune", "WAITRESS_THREADS="),
        ("pool budget", "WAITRESS_THREADS"),
        ("db init", "0001"),
        ("routes list", "/health"),
        ("serve --dry-run", "waitress, 1 worker x 32 threads"),
    ],
)
def test_a_command_runs_there(tmp_path: Path, words: str, says: str) -> None:
    done = run(KNOWCTL, tmp_path, *words.split())
    assert (done.returncode, done.stderr) == (0, "")
    assert says in done.stdout


def test_a_database_is_made_and_asked_there(tmp_path: Path) -> None:
    assert run(KNOWCTL, tmp_path, "db", "init").returncode == 0
    for words in ("config check --live", "db health", "db check", "health --direct", "users list"):
        done = run(KNOWCTL, tmp_path, *words.split())
        assert (done.returncode, done.stderr) == (0, ""), words


def test_a_server_that_is_not_there_is_told_as_elsewhere(tmp_path: Path) -> None:
    done = run(KNOWCTL, tmp_path, "status")
    assert done.returncode == 1
    assert done.stderr.startswith("✖ no server runs here\n")
