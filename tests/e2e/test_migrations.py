"""The schema brought up, taken down, judged and written out, by processes."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.support.processes import checkout_copy, clean_environment, free_port, knowctl

DATABASE = "knowalledge.db"
TRACE = "Traceback"


def told(cwd: Path, *words: str, code: int = 0, environ: dict[str, str] | None = None) -> Any:
    """The JSON document of a `db` command; stderr has no traceback."""
    done = knowctl("db", *words, "-o", "json", cwd=cwd, environ=environ)
    assert done.returncode == code, done.stdout + done.stderr
    assert TRACE not in done.stderr
    return json.loads(done.stdout)


def revision(cwd: Path) -> list[str]:
    current: list[str] = told(cwd, "current")["data"]["current"]
    return current


def write(cwd: Path, *statements: str) -> None:
    """What somebody does to the database by other means."""
    with closing(sqlite3.connect(cwd / DATABASE)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


@pytest.fixture
def head(tmp_path: Path) -> str:
    """This release's head."""
    (only,) = told(tmp_path, "heads")["data"]["revisions"]
    return str(only["revision"])


def test_a_schema_goes_up_down_and_up_again(tmp_path: Path, head: str) -> None:
    up = knowctl("db", "upgrade", cwd=tmp_path)
    assert (up.returncode, up.stderr) == (0, "")
    assert up.stdout.startswith("✔ applied        0001\n")
    assert up.stdout.endswith(f"sqlite:///./knowalledge.db: at {head}\n")
    again = knowctl("db", "upgrade", cwd=tmp_path)
    assert (
        again.stdout == f"✔ database       sqlite:///./knowalledge.db: nothing to do, at {head}\n"
    )
    down = knowctl("db", "downgrade", "-1", "--yes", cwd=tmp_path)
    assert down.returncode == 0
    assert down.stdout.startswith(f"✔ undone         {head}\n")
    assert down.stderr.startswith(
        f"! downgrade      undoes {head} and drops, with all rows, table "
    )
    assert told(tmp_path, "current")["data"]["status"] == "behind"
    told(tmp_path, "downgrade", "base", "--yes")
    assert told(tmp_path, "current")["data"]["status"] == "empty"
    assert told(tmp_path, "init")["data"]["after"] == [head]


def test_nobody_destroys_anything_without_a_yes(tmp_path: Path, head: str) -> None:
    told(tmp_path, "init", "--seed")
    refused = knowctl("db", "downgrade", "base", cwd=tmp_path)
    assert (refused.returncode, refused.stdout) == (4, "")
    assert refused.stderr.startswith("✖ nothing was undone (sqlite:///./knowalledge.db)\n")
    assert refused.stderr.endswith("    → knowctl db downgrade base --yes\n")
    document = told(tmp_path, "downgrade", "base", code=4)
    assert document["error"]["code"] == "refused"
    assert "table users" in document["error"]["cause"]
    assert revision(tmp_path) == [head]


def at_a_terminal(cwd: Path, answer: str, *words: str) -> tuple[int, str]:
    """The exit code of a command whose question is answered, and all that the terminal showed."""
    reader, terminal = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "knowctl", *words],
        cwd=cwd,
        env=clean_environment(TERM="dumb"),
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
    )
    os.close(terminal)
    shown = b""
    with open(reader, "r+b", buffering=0) as person:  # noqa: PTH123 -- a descriptor
        with contextlib.suppress(OSError):  # what a terminal says when nobody is left at it
            while some := person.read(1000):
                shown += some
                if shown.endswith(b"[y/N] "):
                    person.write(answer.encode() + b"\n")
        return process.wait(60), shown.decode()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no pseudo-terminals of this kind")
def test_a_person_at_a_terminal_is_asked(tmp_path: Path, head: str) -> None:
    told(tmp_path, "init")
    code, shown = at_a_terminal(tmp_path, "n", "db", "downgrade", "-1")
    assert code == 4
    assert f"This undoes {head} and drops, with all rows, " in shown
    assert "nothing was undone" in shown
    assert revision(tmp_path) == [head]
    code, shown = at_a_terminal(tmp_path, "y", "db", "downgrade", "-1")
    assert code == 0
    assert revision(tmp_path) != [head]


def test_statements_go_to_stdout_alone_and_change_nothing(tmp_path: Path, head: str) -> None:
    up = knowctl("db", "upgrade", "--sql", cwd=tmp_path)
    assert (up.returncode, up.stderr) == (0, "")
    assert up.stdout.startswith("PRAGMA foreign_keys = OFF;\n")
    assert list(tmp_path.iterdir()) == []
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection:
        connection.executescript(up.stdout)
    assert told(tmp_path, "current")["data"]["status"] == "ok"
    assert knowctl("db", "upgrade", "--sql", cwd=tmp_path).stdout == "-- nothing to do\n"
    down = told(tmp_path, "downgrade", f"{head}:base", "--sql")["data"]
    assert "DROP TABLE topics" in down["sql"]
    assert revision(tmp_path) == [head]


def test_statements_need_no_database_where_one_says_from_where(tmp_path: Path) -> None:
    away = {"DATABASE_URL": "postgresql://app:canary@127.0.0.1:1/app"}
    asked = knowctl("db", "upgrade", "--sql", cwd=tmp_path, environ=away)
    assert (asked.returncode, asked.stdout) == (1, "")
    assert "does not answer" in asked.stderr
    given = ("db", "upgrade", "base:head", "--sql", "--lock-timeout", "2")
    written = knowctl(*given, cwd=tmp_path, environ=away)
    assert (written.returncode, written.stderr) == (0, "")
    assert written.stdout.startswith("SET lock_timeout = '2s';\n")
    assert "canary" not in written.stdout + asked.stderr


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        (("upgrade", "nowhere"), "Can't locate revision identified by 'nowhere'"),
        (("upgrade", "--sql", "nowhere"), "Can't locate revision identified by 'nowhere'"),
        (("downgrade", "nowhere", "--yes"), "Can't locate revision identified by 'nowhere'"),
        (("downgrade", "-99", "--yes"), "Relative revision -99 didn't produce 99 migrations"),
    ],
)
def test_a_revision_that_is_none_is_wrong_usage(
    tmp_path: Path, words: tuple[str, ...], cause: str
) -> None:
    told(tmp_path, "upgrade", "0001")
    done = knowctl("db", *words, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "✖ there is no such revision (sqlite:///./knowalledge.db)\n"
        f"    {cause}\n    → knowctl db history shows what there is\n"
    )
    assert revision(tmp_path) == ["0001"]


def test_history_marks_where_the_database_is(tmp_path: Path, head: str) -> None:
    told(tmp_path, "upgrade", "0001")
    states = {
        each["revision"]: each["state"] for each in told(tmp_path, "history")["data"]["revisions"]
    }
    assert (states["0001"], states[head]) == ("current", "pending")
    table = knowctl("db", "history", cwd=tmp_path)
    assert table.stdout.splitlines()[0].split() == ["REVISION", "STATE", "WHAT", "IT", "DOES"]
    away = knowctl("db", "history", cwd=tmp_path, environ={"DATABASE_URL": "sqlite:///no/x.db"})
    assert (away.returncode, away.stdout.count("unknown")) == (0, len(states))
    assert away.stderr.startswith("! database ")


def newer(cwd: Path, line: str) -> None:
    write(
        cwd,
        "UPDATE alembic_version SET version_num = 'newer'",
        "DELETE FROM schema_history",
        f"INSERT INTO schema_history VALUES ('newer', '{line}')",  # noqa: S608 -- our own words
    )


def test_ahead_and_diverged_are_told_apart(tmp_path: Path, head: str) -> None:
    told(tmp_path, "init")
    newer(tmp_path, f"0001 {head} newer")
    assert told(tmp_path, "current")["data"]["status"] == "ahead"
    warned = knowctl("db", "upgrade", cwd=tmp_path)
    assert warned.returncode == 0
    assert "nothing to do, at newer" in warned.stdout
    assert warned.stderr.startswith("! schema         ahead")
    assert told(tmp_path, "check")["data"]["summary"]["fail"] == 1
    told(tmp_path, "check", "--fail-level", "warning", code=1)
    told(tmp_path, "downgrade", "-1", "--yes", code=4)

    newer(tmp_path, "0001 other newer")
    assert told(tmp_path, "current")["data"]["status"] == "diverged"
    refused = told(tmp_path, "upgrade", code=4)["error"]
    assert refused["code"] == "schema"
    findings = told(tmp_path, "check", code=1)["data"]["findings"]
    assert [each["id"] for each in findings if each["outcome"] == "fail"] == ["KC312"]

    write(tmp_path, "INSERT INTO alembic_version VALUES ('0001')")
    assert told(tmp_path, "current")["data"]["status"] == "diverged"


@pytest.mark.parametrize(
    ("done", "state"),
    [
        ("DELETE FROM alembic_version", "empty"),
        ("UPDATE alembic_version SET version_num = '0001'", "behind"),
        ("UPDATE alembic_version SET version_num = 'other'", "diverged"),
        ("INSERT INTO alembic_version VALUES ('0001')", "diverged"),
    ],
)
def test_nothing_serves_on_a_schema_that_is_not_ready(
    tmp_path: Path, done: str, state: str
) -> None:
    told(tmp_path, "init")
    write(tmp_path, done)
    port = {"PORT": str(free_port()), "KNOWCTL_RUN_DIR": str(tmp_path)}
    served = knowctl("serve", "--no-migrate", "--server", "waitress", cwd=tmp_path, environ=port)
    assert (served.returncode, served.stdout) == (4, "")
    assert f"✖ the schema is {state} (" in served.stderr
    assert ("knowctl db upgrade" in served.stderr) == (state in {"empty", "behind"})


def test_check_finds_what_the_revision_does_not_tell(tmp_path: Path) -> None:
    told(tmp_path, "init")
    fine = knowctl("db", "check", cwd=tmp_path)
    assert (fine.returncode, fine.stderr) == (0, "")
    assert fine.stdout.endswith("\n8 checked: 8 passed\n")
    write(tmp_path, "DROP INDEX ix_api_keys_user_id", "CREATE TABLE notes (id INTEGER)")
    found = {each["id"]: each for each in told(tmp_path, "check", code=1)["data"]["findings"]}
    assert found["KC315"]["cause"] == "index ix_api_keys_user_id of api_keys is missing"
    assert found["KC316"]["cause"] == "table notes is in the database alone"
    told(tmp_path, "check", "--ignore", "KC315")
    github = knowctl("db", "check", "-o", "github", cwd=tmp_path)
    assert github.returncode == 1
    assert github.stdout.startswith("::error title=KC315 ")


def test_check_waits_for_who_migrates(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "knowctl", "db", "check", "--wait", "60"]
    with subprocess.Popen(
        command,
        cwd=tmp_path,
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as waiting:
        assert waiting.stderr is not None
        assert "waiting up to 60 s: the schema is empty" in waiting.stderr.readline()
        told(tmp_path, "init")
        out, err = waiting.communicate()
    assert waiting.returncode == 0, out + err
    assert "8 passed" in out


def test_check_does_not_wait_for_ever(tmp_path: Path) -> None:
    document = told(tmp_path, "check", "--wait", "0.3", code=3)
    assert document["error"]["code"] == "timed_out"
    assert document["data"]["summary"]["fail"] == 1


def test_seeds_are_for_development(tmp_path: Path) -> None:
    assert "Photosynthesis" in told(tmp_path, "init", "--create", "--seed")["data"]["seeded"]
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection:
        assert connection.execute("SELECT count(*) FROM generated_content").fetchone() == (4,)
    production = {"APP_ENV": "production", "SECRET_KEY": "k" * 8 + "0123456789abcdef01234567"}
    refused = knowctl("db", "init", "--seed", cwd=tmp_path, environ=production)
    assert (refused.returncode, refused.stdout) == (4, "")
    assert "development" in refused.stderr


def test_a_directory_is_not_made_for_a_database(tmp_path: Path) -> None:
    nowhere = {"DATABASE_URL": f"sqlite:///{tmp_path}/none/x.db"}
    done = knowctl("db", "init", "--create", cwd=tmp_path, environ=nowhere)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"→ mkdir -p {tmp_path}/none" in " ".join(done.stderr.split())
    assert list(tmp_path.iterdir()) == []


def test_a_migration_is_written_in_a_checkout(tmp_path: Path, head: str) -> None:
    checkout = checkout_copy(tmp_path / "checkout")
    source = {"PYTHONPATH": str(checkout / "src")}
    made = told(checkout, "revision", "-m", "keep notes", environ=source)["data"]
    written = Path(made["path"])
    assert written.name == f"{int(head) + 1:04}_keep_notes.py"
    assert written.is_relative_to(checkout)
    assert told(checkout, "upgrade", environ=source)["data"]["after"] == [f"{int(head) + 1:04}"]
    drafted = knowctl("db", "revision", "-m", "x", "--autogenerate", cwd=checkout, environ=source)
    assert drafted.returncode == 0, drafted.stderr
    assert drafted.stdout.startswith("✔ written        ")
    assert "a new migration, to be read before it is applied" in drafted.stdout


def test_a_migration_is_not_written_into_an_installed_copy(tmp_path: Path) -> None:
    installed = tmp_path / "site" / "lib"
    checkout_copy(tmp_path / "checkout")
    (tmp_path / "site").mkdir()
    (tmp_path / "checkout" / "src").rename(installed)
    source = {"PYTHONPATH": str(installed)}
    error = told(tmp_path, "revision", "-m", "x", code=1, environ=source)["error"]
    assert "installed copy" in error["cause"]
    assert "checkout" in error["hint"]
