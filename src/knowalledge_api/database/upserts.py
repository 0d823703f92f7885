"""Statements that insert a row, and know what to do where it is there: one for each database.

An update that finds nothing and an insert behind it are a deadlock on MariaDB as soon as two do
the same at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy.dialects import mysql, postgresql, sqlite

if TYPE_CHECKING:
    from sqlalchemy import Insert
    from sqlalchemy.orm import Session

    from knowalledge_api.database.models.base import Base

Values = Mapping[str, Any]


def insert_or_change(
    session: Session, table: type[Base], key: Values, rest: Values, changes: Values
) -> Insert:
    """Insert a row of `key` and `rest`; one that has this key is given the changes instead."""
    if _dialect(session) == "mysql":
        return mysql.insert(table).values({**key, **rest}).on_duplicate_key_update(dict(changes))
    insert = postgresql.insert if _dialect(session) == "postgresql" else sqlite.insert
    inserting = insert(table).values({**key, **rest})
    return inserting.on_conflict_do_update(index_elements=[*key], set_=dict(changes))


def insert_or_leave(session: Session, table: type[Base], row: Values) -> Insert:
    """Insert a row; one that is there stays as it is."""
    if _dialect(session) == "mysql":
        return mysql.insert(table).values(dict(row)).prefix_with("IGNORE")
    insert = postgresql.insert if _dialect(session) == "postgresql" else sqlite.insert
    return insert(table).values(dict(row)).on_conflict_do_nothing()


def _dialect(session: Session) -> str:
    return session.get_bind().dialect.name
