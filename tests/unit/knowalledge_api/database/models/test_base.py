"""What all tables share."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import PrimaryKeyConstraint, Table, UniqueConstraint, make_url
from sqlalchemy.schema import CreateTable

from knowalledge_api.database.models import Base

MARIADB = make_url("mysql+pymysql://").get_dialect()()
LONGEST_NAME = 63
"""Characters that PostgreSQL keeps of a name; MariaDB keeps 64."""

KEYS = (PrimaryKeyConstraint, UniqueConstraint)
every_table = pytest.mark.parametrize("table", Base.metadata.sorted_tables, ids=str)


@every_table
def test_every_constraint_and_index_has_a_name_that_every_database_keeps(table: Table) -> None:
    names = [str(each.name) for each in table.constraints]
    for name in (*names, *(str(each.name) for each in table.indexes)):
        assert re.match(f"(pk|fk|uq|ck|ix)_{table.name}", name)
        assert len(name) <= LONGEST_NAME


@every_table
def test_mariadb_keeps_all_of_unicode(table: Table) -> None:
    written = str(CreateTable(table).compile(dialect=MARIADB))
    assert "CHARSET=utf8mb4" in written
    assert "ENGINE=InnoDB" in written


@every_table
def test_what_a_foreign_key_refers_to_says_what_its_deletion_does(table: Table) -> None:
    assert {key.ondelete for key in table.foreign_keys} <= {"CASCADE"}


@every_table
def test_a_foreign_key_leads_an_index_so_that_a_deletion_scans_nothing(table: Table) -> None:
    keys = [each for each in table.constraints if isinstance(each, KEYS)]
    led = {next(iter(each.columns)).name for each in (*keys, *table.indexes)}
    assert {key.parent.name for key in table.foreign_keys} <= led
