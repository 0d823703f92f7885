"""Makes of text that others wrote what a terminal may show, wherever it is read."""

from __future__ import annotations

from typing import Any, Final

LONGEST: Final = 300
"""Characters of a word that are kept: a route, a path or a user is shorter where it means well."""


def printable(value: object) -> str:
    """Text without control characters, however long."""
    return "".join(
        sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in str(value)
    )


def words(value: object) -> str:
    """Text that a terminal may show: no control characters, not without end."""
    shown = printable(value)
    return shown if len(shown) <= LONGEST else f"{shown[: LONGEST - 1]}…"


def cleaned(value: Any) -> Any:
    """The same of every text in a document, names of fields too; the rest stays as it is.

    RecursionError where it is nested too deeply.
    """
    if isinstance(value, str):
        return words(value)
    if isinstance(value, dict):
        return {words(name): cleaned(each) for name, each in value.items()}
    if isinstance(value, list):
        return [cleaned(each) for each in value]
    return value
