"""R8: ten processes migrate one empty database at once, or its migrator dies: it ends up right."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from sqlalchemy import create_engine, inspect, text

from knowalledge_api.database.engine import database_url
from knowalledge_api.database.schema import known_revisions
from knowalledge_api.settings import Secret
from tests.support import database_life, servers
from tests.support.processes import clean_environment
from tests.support.servers import Server

PROCESSES = 10
WAITERS = 2
SECONDS = 60.0
"""For one process to end on a busy machine; MIGRATION_WAIT is half of that."""
MARK = "before-the-end"
"""The file in whose presence the test's own migration stops halfway."""
EXTRA = "9999"
SRC = Path(__file__).parents[2] / "src"

HALFWAY = f"""
    '''A migration that stops halfway for as long as a file is there.'''

    import os
    import time

    import sqlalchemy as sa
    from alembic import op

    revision = "{EXTRA}"
    down_revision = "{known_revisions().heads[0]}"
    branch_labels = None
    depends_on = None


    def upgrade() -> None:
        op.create_table("first_half", sa.Column("id", sa.Integer(), primary_key=True))
        mark = os.environ["MARK"]
        if os.path.exists(mark):
            with open(mark, "w") as file:
                file.write(str(os.getpid()))
            while os.path.exists(mark):
                time.sleep(0.05)
        op.create_table("second_half", sa.Column("id", sa.Integer(), primary_key=True))


    def downgrade() -> None:
        op.drop_table("second_half")
        op.drop_table("first_half")
"""


@dataclass(frozen=True)
class Run:
    """One `knowctl db init` to its end."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """What it answered."""
        return json.loads(self.out)

    @property
    def applied(self) -> list[str]:
        """The revisions that it applied, none where it found nothing to do."""
        return list(self.document["data"]["applied"])


@dataclass(frozen=True)
class Place:
    """A database, and the code whose `knowctl db init` brings it up."""

    url: str
    cwd: Path
    environ: Mapping[str, str] = field(default_factory=dict)

    def start(self) -> subprocess.Popen[str]:
        """Begin one `knowctl db init`."""
        return subprocess.Popen(
            [sys.executable, "-m", "knowctl", "db", "init", "-o", "json"],
            cwd=self.cwd,
            env=clean_environment(DATABASE_URL=self.url, **self.environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def tables(self) -> set[str]:
        """The tables that there are now."""
        engine = create_engine(database_url(Secret(self.url)))
        try:
            return set(inspect(engine).get_table_names())
        finally:
            engine.dispose()

    def execute(self, statement: str) -> None:
        """Run one statement by another hand."""
        engine = create_engine(database_url(Secret(self.url)))
        with engine.begin() as connection:
            connection.execute(text(statement))
        engine.dispose()


@pytest.fixture(scope="module", params=["postgresql", "mariadb", "sqlite"])
def server(request: pytest.FixtureRequest) -> Iterator[Server | None]:
    if request.param == "sqlite":
        yield None
        return
    with servers.postgresql(18) if request.param == "postgresql" else servers.mariadb() as running:
        yield running


@pytest.fixture
def place(server: Server | None, request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A new, empty database."""
    if server is None:
        return Place(f"sqlite:///{tmp_path}/raced.db", tmp_path)
    return Place(server.create(request.node.originalname[:40]), tmp_path)


@pytest.fixture
def halfway(place: Place, tmp_path: Path) -> Place:
    """The same, brought up by a copy of the code with a migration that stops halfway."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(SRC, tmp_path / "src", ignore=ignored)
    versions = tmp_path / "src" / "knowalledge_api" / "database" / "migrations" / "versions"
    (versions / f"{EXTRA}_halfway.py").write_text(dedent(HALFWAY))
    mark = tmp_path / MARK
    mark.touch()
    environ = {"PYTHONPATH": str(tmp_path / "src"), "MARK": str(mark)}
    return Place(place.url, tmp_path, environ)


@contextmanager
def started(place: Place, number: int) -> Iterator[list[subprocess.Popen[str]]]:
    """So many at once, none of which outlives the block."""
    processes = [place.start() for _ in range(number)]
    try:
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def ended(process: subprocess.Popen[str]) -> Run:
    out, err = process.communicate(timeout=SECONDS)
    return Run(process.returncode, out, err)


def initialised(place: Place) -> Run:
    with started(place, 1) as [process]:
        return ended(process)


def wait_until_it_stopped_halfway(holder: subprocess.Popen[str], mark: Path) -> int:
    """The process that stands in the middle of the migration, which is the holder itself."""
    end = time.monotonic() + SECONDS
    while not (number := mark.read_text()):
        assert holder.poll() is None, holder.communicate()
        assert time.monotonic() < end
        time.sleep(0.02)
    return int(number)


def killed_halfway(place: Place) -> None:
    """One migrator, dead in the middle of the last migration; nothing stops the next one."""
    mark = Path(place.environ["MARK"])
    with started(place, 1) as [holder]:
        assert wait_until_it_stopped_halfway(holder, mark) == holder.pid
        holder.send_signal(signal.SIGKILL)
        assert ended(holder).code == -signal.SIGKILL
    mark.unlink()


def assert_the_schema_is_right(place: Place) -> None:
    """At this code's head, and as its models say."""
    drift = database_life.alembic(place.url, "check")
    assert drift.returncode == 0, drift.stdout + drift.stderr


def assert_both_halves_are_there(place: Place) -> None:
    assert {"first_half", "second_half", "topics"} <= place.tables()
    again = initialised(place)
    assert (again.code, again.applied) == (0, [])


def test_ten_at_once_on_an_empty_database_all_succeed_and_one_applies(place: Place) -> None:
    with started(place, PROCESSES) as processes:
        runs = [ended(process) for process in processes]
    assert [run.code for run in runs] == [0] * PROCESSES, runs
    assert [run.err for run in runs] == [""] * PROCESSES
    appliers = [run.applied for run in runs if run.applied]
    assert len(appliers) == 1
    assert appliers[0][-1:] == list(known_revisions().heads)
    assert_the_schema_is_right(place)


def test_those_who_wait_take_over_when_the_migrator_is_killed_halfway(halfway: Place) -> None:
    mark = Path(halfway.environ["MARK"])
    with started(halfway, 1) as [holder]:
        wait_until_it_stopped_halfway(holder, mark)
        with started(halfway, WAITERS) as waiters:
            time.sleep(2)  # they find the lock taken; where the machine is slow, they come later
            assert [process.poll() for process in waiters] == [None] * WAITERS
            holder.send_signal(signal.SIGSTOP)  # it must not go on when nothing stops it any more
            mark.unlink()
            assert_waiters_take_over(halfway, holder, waiters)


def assert_waiters_take_over(
    place: Place, holder: subprocess.Popen[str], waiters: list[subprocess.Popen[str]]
) -> None:
    holder.send_signal(signal.SIGKILL)
    runs = [ended(process) for process in waiters]
    if place.url.startswith("mysql"):
        assert_the_step_is_named(place, runs)
        return
    assert [run.code for run in runs] == [0] * WAITERS, runs
    assert sorted(run.applied for run in runs) == [[], [EXTRA]]
    assert_both_halves_are_there(place)


def test_the_next_run_completes_or_names_the_half_applied_step(halfway: Place) -> None:
    killed_halfway(halfway)
    mysql = halfway.url.startswith("mysql")
    assert ("first_half" in halfway.tables()) is mysql
    run = initialised(halfway)
    if mysql:
        assert_the_step_is_named(halfway, [run])
    else:
        assert (run.code, run.applied) == (0, [EXTRA]), run
        assert_both_halves_are_there(halfway)


def assert_the_step_is_named(place: Place, runs: list[Run]) -> None:
    """MariaDB keeps the first half: every run says so, until somebody has undone it."""
    assert "second_half" not in place.tables()
    for run in runs:
        assert run.code == 1, run
        error = run.document["error"]
        assert f"migration {EXTRA} failed" in error["cause"]
        assert "'first_half' already exists" in error["cause"]
        assert "half applied" in error["cause"]
        assert f"undo what {EXTRA} did" in error["hint"]
    place.execute("DROP TABLE first_half")
    mended = initialised(place)
    assert (mended.code, mended.applied) == (0, [EXTRA]), mended
    assert_both_halves_are_there(place)
