"""Styles that texts are tried in, and what their colours are in a terminal's own words."""

from __future__ import annotations

from textwrap import dedent

from knowctl.render.style import Style

PLAIN, COLOUR, ASCII, NARROW = (
    Style(),
    Style(color=True),
    Style(unicode=False),
    Style(width=40),
)
RED, GREEN, YELLOW, CYAN, DIM, BOLD = (f"\x1b[{code}m" for code in (31, 32, 33, 36, 2, 1))
END = "\x1b[0m"


def told(text: str) -> str:
    """A text as it is written in a test, between quotes and indented."""
    return dedent(text).strip("\n")
