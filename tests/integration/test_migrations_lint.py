"""No migration locks or rewrites a large table: squawk reads the statements of each of them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from knowalledge_api.database.offline import migration_sql
from tests.support.database_life import REVISIONS

OLDEST_POSTGRESQL = "16"
EXCLUDED = {
    "prefer-text-field": "MariaDB's keys need a length, and PostgreSQL lengthens a varchar at once",
    "prefer-identity": "SQLAlchemy numbers rows by bigserial, whose sequence the column owns",
    "require-statement-timeout": "what waits is bounded by lock_timeout; what works may take long",
}
"""Rules that are not ours, each with the reason."""

WAIVED = {
    "0001": {
        "ban-char-field": "digests, which always fill their 64 characters",
    },
    "0002": {
        "prefer-bigint-over-int": "counts within a quiz or a day; rows are numbered by bigint",
        "prefer-bigint-over-smallint": "an HTTP status, and levels from 1 to 3",
    },
}
"""Rules that one migration may break, each with the reason."""

HARMFUL = [
    ("CREATE INDEX i ON users (email)", "require-concurrent-index-creation"),
    ("ALTER TABLE users ADD COLUMN x text NOT NULL", "adding-required-field"),
    ("ALTER TABLE users ALTER COLUMN email TYPE bigint USING 1", "changing-column-type"),
    ("ALTER TABLE users ALTER COLUMN email SET NOT NULL", "adding-not-nullable-field"),
    ("ALTER TABLE users ADD CONSTRAINT c CHECK (email <> '')", "constraint-missing-not-valid"),
    ("ALTER TABLE users ADD CONSTRAINT u UNIQUE (email)", "disallowed-unique-constraint"),
    ("ALTER TABLE users DROP COLUMN email", "ban-drop-column"),
    ("ALTER TABLE users RENAME COLUMN email TO mail", "renaming-column"),
    ("DROP TABLE users", "ban-drop-table"),
    ("CREATE TABLE x (id integer PRIMARY KEY)", "prefer-bigint-over-int"),
    ("CREATE TABLE x (at timestamp)", "prefer-timestamp-tz"),
    (
        "CREATE INDEX CONCURRENTLY i ON users (email)",
        "ban-concurrent-index-creation-in-transaction",
    ),
    ("ALTER TABEL users", "syntax-error"),
]


class Complaint(NamedTuple):
    rule: str
    line: int
    message: str


def complaints(sql: str) -> list[Complaint]:
    """What squawk has to say about statements."""
    squawk = shutil.which("squawk", path=str(Path(sys.executable).parent))
    assert squawk, "squawk is not installed: ./run_tests.sh installs what the lock pins"
    done = subprocess.run(
        [squawk, "--pg-version", OLDEST_POSTGRESQL, "--reporter", "json"],
        input=sql,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    found = [
        Complaint(each["rule_name"], each["line"] + 1, each["message"])
        for each in json.loads(done.stdout)
    ]
    assert done.returncode == bool(found)
    return found


def step(revision: str) -> str:
    """The statements of one migration."""
    before = REVISIONS.index(revision) - 1
    return migration_sql("postgresql", REVISIONS[before] if before >= 0 else None, revision)


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_migration_blocks_nobody(revision: str) -> None:
    accepted = EXCLUDED.keys() | WAIVED.get(revision, {}).keys()
    assert [each for each in complaints(step(revision)) if each.rule not in accepted] == []


def test_every_waiver_is_needed() -> None:
    rules = {revision: {each.rule for each in complaints(step(revision))} for revision in REVISIONS}
    assert EXCLUDED.keys() <= set.union(*rules.values())
    assert {revision: rules[revision] & waived.keys() for revision, waived in WAIVED.items()} == {
        revision: set(waived) for revision, waived in WAIVED.items()
    }


@pytest.mark.parametrize(("statement", "rule"), HARMFUL)
def test_a_statement_that_harms_is_found_in_a_migration(statement: str, rule: str) -> None:
    bound = migration_sql("postgresql").splitlines()[0]
    found = complaints(f"{bound}\n\nBEGIN;\n\n{statement};\n\nCOMMIT;\n")
    assert rule in {each.rule for each in found} - EXCLUDED.keys()


def test_without_a_bound_on_waiting_for_locks_the_lint_fails() -> None:
    unbounded = step(REVISIONS[-1]).replace("SET lock_timeout", "-- SET lock_timeout")
    assert "require-lock-timeout" in {each.rule for each in complaints(unbounded)}
