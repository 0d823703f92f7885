"""Migrations as SQL."""

from __future__ import annotations

import re

import pytest

from knowalledge_api.database.offline import migration_sql
from knowalledge_api.database.schema import known_revisions
from knowalledge_api.errors import MigrationError
from tests.support.configuration import PASSWORD, settings_of

DIALECTS = ["postgresql", "mysql", "sqlite"]
(HEAD,) = known_revisions().heads


@pytest.mark.parametrize("dialect", DIALECTS)
def test_everything_is_written_from_nothing_to_the_head(dialect: str) -> None:
    written = migration_sql(dialect)
    tables = re.findall(r"CREATE TABLE (\w+)", written)
    assert tables[:3] == ["alembic_version", "topics", "generated_content"]
    assert "audit_log" in tables
    assert f"version_num='{HEAD}'" in written


@pytest.mark.parametrize("dialect", DIALECTS)
def test_one_step_is_written_by_itself(dialect: str) -> None:
    first, second = migration_sql(dialect, None, "0001"), migration_sql(dialect, "0001", "0002")
    assert "CREATE TABLE topics" in first
    assert "CREATE TABLE topics" not in second
    assert "CREATE TABLE users" not in first
    assert "CREATE TABLE users" in second


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_statements_are_the_same_every_time(dialect: str) -> None:
    assert len({migration_sql(dialect) for _ in range(10)}) == 1


def test_what_waits_for_a_lock_waits_no_longer_than_a_migration_of_ours() -> None:
    assert migration_sql("postgresql").startswith("SET lock_timeout = '5s';\n")
    assert migration_sql("mysql").startswith("SET SESSION lock_wait_timeout = 5;\n")
    assert migration_sql("sqlite").startswith("PRAGMA foreign_keys = OFF;\n")


@pytest.mark.parametrize(("start", "end"), [(HEAD, "head"), ("0002", "0001")])
def test_nothing_to_do_is_nothing_written(start: str, end: str) -> None:
    assert migration_sql("postgresql", start, end) == ""


@pytest.mark.parametrize(("start", "end"), [("9999", "head"), (None, "9999")])
def test_a_revision_that_is_not_known_is_named(start: str | None, end: str) -> None:
    with pytest.raises(MigrationError, match="9999") as caught:
        migration_sql("postgresql", start, end)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("variables", "dialect"),
    [
        ({"DATABASE_URL": f"mariadb://u:{PASSWORD}@db.invalid/x"}, "mysql"),
        ({"DATABASE_URL": "sqlite://", "DATABASE_MIGRATION_URL": "postgres://h/x"}, "postgresql"),
        ({}, "sqlite"),
    ],
)
def test_settings_name_the_dialect_and_nothing_is_connected_to(
    variables: dict[str, str], dialect: str
) -> None:
    written = migration_sql(settings_of(**variables))
    assert written == migration_sql(dialect)
    assert PASSWORD not in written
