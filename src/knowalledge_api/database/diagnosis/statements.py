"""Statements of others as they may be shown: without the values that stand in them."""

from __future__ import annotations

import re
from typing import Final

from knowalledge_api.database.diagnosis.facts import QUESTION

VALUES: Final = re.compile(
    r"""
    /\*.*\*/ | /\*.*                        # comments, which nest on PostgreSQL alone
  | --(?:\s[^\n]*|$)                        # a comment to the end of its line
  | (?:--|\#).*                             # one on PostgreSQL, or on MariaDB, and not on both
  | \$(\w*)\$.*?(?:\$\1\$|$)                # PostgreSQL's dollar quotes
  | '[^'\\]*(?:'|$)                         # a string, or what the server left of one
  | "[^"\\]*(?:"|$)                         # a name on PostgreSQL, a string on MariaDB
  | `[^`]*(?:`|$)                           # a name on MariaDB, which may hold quotes
  | ['"].*                                  # with a backslash nobody knows where it ends
  | (?<![\w$])[-+]?\.?\d[\w.]*              # a number
    """,
    re.VERBOSE | re.DOTALL,
)
"""What may be a value on any of the databases; where they differ, rather too much goes."""


def shown_statement(statement: str | None) -> str:
    """The statement on one line, each value a question mark, cut to QUESTION characters."""
    return shown_words(VALUES.sub("?", statement or ""))


def shown_words(words: str | None) -> str:
    """Words that others chose, on one line and without control characters, cut the same."""
    line = " ".join("".join(_printable(each) for each in words or "").split())
    return line if len(line) <= QUESTION else f"{line[: QUESTION - 1]}…"


def _printable(character: str) -> str:
    return character if character.isprintable() else " "
