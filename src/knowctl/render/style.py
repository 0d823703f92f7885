"""What a console can show: colours, glyphs and width."""

from __future__ import annotations

import os
import shutil
import textwrap
from collections.abc import Mapping
from typing import Final, NamedTuple, TextIO

_CODES: Final = {"red": "31", "green": "32", "yellow": "33", "cyan": "36", "dim": "2", "bold": "1"}
_ASCII: Final = {"✔": "+", "✖": "x", "→": "->"}
WIDEST: Final = 100


class Style(NamedTuple):
    """How to write for one stream; the default is what a pipe gets."""

    color: bool = False
    unicode: bool = True
    width: int = 80
    verbose: bool = False

    def paint(self, text: str, color: str) -> str:
        """The text in a colour, or bare where there is none."""
        return f"\x1b[{_CODES[color]}m{text}\x1b[0m" if self.color else text

    def glyph(self, sign: str) -> str:
        """A sign, in ASCII where the console can't show it."""
        return sign if self.unicode else _ASCII.get(sign, sign)

    def indented(self, text: str, indent: int = 4) -> str:
        """Text wrapped to the width behind an indent; words that must be typed stay whole."""
        margin = " " * indent
        return textwrap.fill(
            text,
            self.width,
            initial_indent=margin,
            subsequent_indent=margin,
            break_long_words=False,
            break_on_hyphens=False,
        )


def style_of(
    stream: TextIO,
    environ: Mapping[str, str],
    *,
    no_color: bool = False,
    verbose: bool = False,
) -> Style:
    """What this stream can show; NO_COLOR (no-color.org) and TERM=dumb are respected."""
    plain = no_color or bool(environ.get("NO_COLOR")) or environ.get("TERM") == "dumb"
    color = stream.isatty() and not plain
    if color and os.name == "nt":
        os.system("")  # noqa: S605, S607 -- switches the Windows console to ANSI sequences
    width = min(shutil.get_terminal_size().columns, WIDEST)
    return Style(color, _shows_unicode(stream), width, verbose)


def _shows_unicode(stream: TextIO) -> bool:
    try:
        "".join(_ASCII).encode(stream.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True
