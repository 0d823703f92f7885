from __future__ import annotations

import shutil
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from knowalledge_api.database import Database
from knowalledge_api.database.schema import SCRIPTS, known_revisions
from knowctl.errors import ErrorCode, ExitCode, KnowctlError
from knowctl.model.database import Drift
from knowctl.probes.database import DatabaseProbe
from knowctl.probes.migrations import TOPICS, MigrationsProbe, _losses
from knowctl.probes.settings import SettingsProbe

KEY = "0123456789abcdef0123456789abcdef"
HEAD = known_revisions().heads[0]


def probe(**environ: str) -> MigrationsProbe:
    given = {"DATABASE_URL": "sqlite:///a.db", **environ}
    return MigrationsProbe(SettingsProbe(given).settings())


def rows(made: MigrationsProbe, table: str) -> int:
    with closing(Database(made.settings)) as database, database.connection() as link:
        return int(link.scalar(text(f"SELECT count(*) FROM {table}")) or 0)  # noqa: S608 -- our own names


def migrated(made: MigrationsProbe) -> MigrationsProbe:
    DatabaseProbe(made.settings).migrate(0)
    return made


def test_what_is_migrated_is_named_without_its_password() -> None:
    made = probe(DATABASE_MIGRATION_URL="postgres://boss:canary@db/x")
    assert made.name == "postgres://boss:********@db/x"
    assert (made.postgresql, probe().postgresql) == (True, False)


def test_development_is_told_from_the_rest() -> None:
    assert probe().development
    assert not probe(APP_ENV="staging", SECRET_KEY=KEY).development


def test_the_newest_revision_comes_first() -> None:
    newest, *_, oldest = probe().revisions()
    assert (newest.revision, newest.head, oldest.revision) == (HEAD, True, "0001")
    assert newest.state is None


def test_statements_are_written_up_and_down_for_the_databases_own_dialect() -> None:
    made = probe(DATABASE_URL="mysql://a:canary@db/x")
    up = made.statements("0001", "0002", down=False, lock_wait=7)
    assert up.startswith("SET SESSION lock_wait_timeout = 7;")
    assert "CREATE TABLE users" in up
    assert "DROP TABLE users" in made.statements("0002", "0001", down=True, lock_wait=7)
    with pytest.raises(KnowctlError) as raised:
        made.statements(None, "nowhere", down=False, lock_wait=7)
    failure = raised.value.failure
    assert (failure.code, failure.exit_code) == (ErrorCode.USAGE, ExitCode.USAGE)
    assert "no such revision" in failure.message


def test_each_pending_migration_is_written_by_itself_for_postgresql() -> None:
    assert list(probe().pending_sql(()))[:2] == ["0001", "0002"]
    pending = probe().pending_sql(("0001",))
    assert next(iter(pending)) == "0002"
    assert "CREATE TABLE users" in pending["0002"]
    assert pending["0002"].startswith("SET lock_timeout")
    assert probe().pending_sql((HEAD,)) == {}


def test_what_a_downgrade_destroys_is_known_before() -> None:
    undoing = probe().undoing("0002", "base")
    assert [each.revision for each in undoing.steps] == ["0002", "0001"]
    assert {"table users", "table topics"} <= set(undoing.loses)
    assert "table topics" not in probe().undoing("0002", "-1").loses
    assert probe().undoing("0001", "0001").steps == ()
    with pytest.raises(KnowctlError):
        probe().undoing("0001", "-5")


def test_dropped_tables_and_columns_are_read_from_the_statements() -> None:
    sql = """
    DROP TABLE a;
    drop table if exists b cascade;
    ALTER TABLE c DROP COLUMN d;
    ALTER TABLE ONLY e DROP COLUMN IF EXISTS f CASCADE;
    ALTER TABLE g ADD COLUMN h text;
    -- DROP TABLE i;
    """
    assert _losses(sql) == ("table a", "table b", "column c.d", "column e.f")


def test_a_downgrade_goes_down() -> None:
    made = migrated(probe())
    done = made.downgrade(HEAD, "0001", wait=0, lock_wait=1)
    assert (done.before, done.after, done.applied) == ((HEAD,), ("0001",), ())
    assert done.undone[0] == HEAD


def test_drift_is_told() -> None:
    assert migrated(probe()).drift() == Drift()


def test_seeds_are_written_once_however_often() -> None:
    made = migrated(probe())
    assert made.seed() == made.seed() == TOPICS
    assert rows(made, "topics") == rows(made, "generated_content") == len(TOPICS)


def test_a_sqlite_database_is_not_made_by_itself() -> None:
    assert probe().create() is False
    assert list(Path().iterdir()) == []


def test_a_migration_is_written_in_a_checkout_and_nowhere_else(tmp_path: Path) -> None:
    scripts = tmp_path / "src" / "knowalledge_api" / "database" / "migrations"
    shutil.copytree(SCRIPTS, scripts, ignore=shutil.ignore_patterns("__pycache__"))
    made = replace(probe(), scripts=scripts)
    with pytest.raises(KnowctlError) as raised:
        made.write("x", autogenerate=False)
    assert "installed copy" in raised.value.failure.cause
    (tmp_path / "pyproject.toml").write_text("[tool.alembic]")
    written = made.write("keep notes", autogenerate=False)
    assert Path(written.path).name.endswith("_keep_notes.py")
    assert Path(written.path).parent == scripts / "versions"
