"""Kinds of columns that mean the same on every database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import make_url

from knowalledge_api.database.models.columns import (
    Bytes,
    Number,
    OneOf,
    UtcDateTime,
    ascii_text,
    at_least,
    is_digest,
    one_of,
    utc_now,
)

if TYPE_CHECKING:
    from sqlalchemy.types import TypeEngine

MARIADB, POSTGRESQL, SQLITE = (
    make_url(f"{name}://").get_dialect()()
    for name in ("mysql+pymysql", "postgresql+psycopg2", "sqlite")
)
DIALECTS = (MARIADB, POSTGRESQL, SQLITE)
EAST = datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=3)))
SAME = datetime(2026, 1, 1, 9, tzinfo=UTC)


class Colour(StrEnum):
    RED = "red"
    LIGHT_BLUE = "light-blue"


def test_a_moment_is_stored_in_utc_and_comes_back_with_its_zone() -> None:
    kind = UtcDateTime()
    bare = kind.process_bind_param(EAST, MARIADB)
    assert bare == SAME.replace(tzinfo=None)
    assert kind.process_result_value(bare, MARIADB) == SAME
    assert kind.process_bind_param(EAST, POSTGRESQL) == SAME
    back = kind.process_result_value(EAST, POSTGRESQL)
    assert (back, back and back.tzinfo) == (SAME, UTC)


@given(
    st.datetimes(
        min_value=datetime(1000, 1, 2),  # noqa: DTZ001 -- hypothesis adds the zone
        max_value=datetime(9999, 12, 30),  # noqa: DTZ001 -- the same
        timezones=st.timezones(),
    )
)
def test_any_moment_comes_back_as_the_same_moment(moment: datetime) -> None:
    kind = UtcDateTime()
    for dialect in DIALECTS:
        back = kind.process_result_value(kind.process_bind_param(moment, dialect), dialect)
        assert back == moment.astimezone(UTC)


def test_no_moment_stays_none_and_one_without_a_zone_is_refused() -> None:
    kind = UtcDateTime()
    assert kind.process_bind_param(None, MARIADB) is None
    assert kind.process_result_value(None, MARIADB) is None
    with pytest.raises(ValueError, match="time zone"):
        kind.process_bind_param(datetime(2026, 1, 1), MARIADB)  # noqa: DTZ001 -- the fault itself


def test_a_word_is_stored_as_written_and_comes_back_as_a_member() -> None:
    kind = OneOf(Colour)
    assert kind.process_bind_param(Colour.LIGHT_BLUE, SQLITE) == "light-blue"
    assert kind.process_bind_param("red", SQLITE) == "red"
    assert kind.process_result_value("light-blue", SQLITE) is Colour.LIGHT_BLUE
    assert kind.process_bind_param(None, SQLITE) is None
    assert kind.process_result_value(None, SQLITE) is None


def test_a_word_outside_the_set_is_refused_both_ways() -> None:
    kind = OneOf(Colour)
    with pytest.raises(ValueError, match="RED"):
        kind.process_bind_param("RED", SQLITE)
    with pytest.raises(ValueError, match="green"):
        kind.process_result_value("green", SQLITE)


def test_two_sets_are_two_kinds_to_the_statement_cache() -> None:
    other = StrEnum("other", "a")
    assert OneOf(Colour)._static_cache_key != OneOf(other)._static_cache_key


@pytest.mark.parametrize("kind", [ascii_text(16), OneOf(Colour)])
def test_text_is_compared_exactly_on_mariadb(kind: TypeEngine[str]) -> None:
    exact = "VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin"
    assert kind.compile(dialect=MARIADB) == exact
    assert kind.compile(dialect=POSTGRESQL) == "VARCHAR(16)"


def test_each_database_gets_the_width_it_needs() -> None:
    assert [Number.compile(dialect=each) for each in DIALECTS] == ["BIGINT", "BIGINT", "INTEGER"]
    assert [Bytes.compile(dialect=each) for each in DIALECTS] == ["MEDIUMBLOB", "BYTEA", "BLOB"]


def test_checks_are_named_by_their_column() -> None:
    checks = (one_of("hue", Colour), is_digest("hash"), at_least(1, "total"))
    assert [(each.name, str(each.sqltext)) for each in checks] == [
        ("hue", "hue IN ('red', 'light-blue')"),
        ("hash", "length(hash) = 64"),
        ("total", "total >= 1"),
    ]


def test_the_time_of_day_has_its_zone() -> None:
    assert utc_now().tzinfo is UTC
