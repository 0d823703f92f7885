"""The text of .env files, written from the table: no quotes and no comment behind a value."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from knowalledge_api.settings.table import TABLE, Derived, Setting


def example_text() -> str:
    """`.env.example`: every setting at its default, so that a copy changes nothing."""
    head = "# Every setting with its default. Empty means unset. A line is NAME=value: no quotes,\n"
    head += "# no comment behind a value, so that Docker's --env-file reads it alike.\n"
    return head + "".join(_lines(lambda row: f"{row.name}={_static(row)}"))


def env_text(values: Mapping[str, str]) -> str:
    """A .env file that sets `values` and shows every other setting as a comment."""
    head = "# Settings of KnowAlledge. Keep this file to yourself: it holds secrets.\n"

    def line(row: Setting) -> str:
        given = values.get(row.name)
        return f"#{row.name}={_static(row)}" if given is None else f"{row.name}={given}"

    return head + "".join(_lines(line))


def _lines(line: Callable[[Setting], str]) -> Iterator[str]:
    section = ""
    for row in TABLE:
        if row.section != section:
            section = row.section
            yield f"\n# --- {section}\n"
        computed = f" (default: {row.default_text})" if isinstance(row.default, Derived) else ""
        yield f"# {row.help}{computed}\n{line(row)}\n"


def _static(row: Setting) -> str:
    return "" if isinstance(row.default, Derived) else row.default_text
