"""Every setting, declared once."""

from __future__ import annotations

from dataclasses import fields

from knowalledge_api.settings.table import TABLE, Derived, Settings


def test_each_attribute_is_a_row_in_capitals() -> None:
    assert [row.name for row in TABLE] == [entry.name.upper() for entry in fields(Settings)]


def test_each_row_says_what_it_is_and_stands_in_a_section() -> None:
    assert all(row.help and row.section for row in TABLE)
    assert TABLE[0].section == "Where it runs"
    assert TABLE[-1].section == "Command line"


def test_each_default_reads_as_itself() -> None:
    for row in TABLE:
        if not isinstance(row.default, Derived) and row.default_text:
            assert row.kind.read(row.default_text) == row.default, row.name


def test_defaults_are_shown_as_they_are_written() -> None:
    shown = {row.name: row.default_text for row in TABLE}
    assert shown["GUNICORN_WORKERS"] == "2 x CPU + 1"
    assert shown["DATABASE_URL"] == "sqlite:///./knowalledge.db"
    assert (shown["CORS_ENABLED"], shown["REDIS_URL"], shown["TRUSTED_HOSTS"]) == ("true", "", "")
