from __future__ import annotations

import io
import os

import pytest

from knowctl.render.style import WIDEST, Style, style_of


class Terminal(io.StringIO):
    """A stream that says that it is a terminal of this encoding."""

    def __init__(self, encoding: str | None = "utf-8", *, tty: bool = True) -> None:
        super().__init__()
        self._named, self._tty = encoding, tty

    @property
    def encoding(self) -> str | None:  # type: ignore[override]
        return self._named  # None is what some streams say

    def isatty(self) -> bool:
        return self._tty


def test_a_terminal_gets_colours() -> None:
    assert style_of(Terminal(), {}) == Style(color=True, unicode=True, width=80)


@pytest.mark.parametrize(
    ("stream", "environ", "no_color"),
    [
        (Terminal(), {"NO_COLOR": "1"}, False),
        (Terminal(), {"TERM": "dumb"}, False),
        (Terminal(), {}, True),
        (Terminal(tty=False), {}, False),
    ],
)
def test_who_wants_no_colours_gets_none(
    stream: Terminal, environ: dict[str, str], *, no_color: bool
) -> None:
    assert not style_of(stream, environ, no_color=no_color).color


def test_an_empty_no_color_is_not_set() -> None:
    assert style_of(Terminal(), {"NO_COLOR": "", "TERM": "xterm"}).color


@pytest.mark.parametrize(
    ("encoding", "unicode"),
    [("utf-8", True), ("latin-1", False), ("ascii", False), ("cp1252", False), (None, False)],
)
def test_glyphs_need_an_encoding_that_has_them(encoding: str | None, *, unicode: bool) -> None:
    assert style_of(Terminal(encoding), {}).unicode is unicode


def test_very_wide_terminals_are_not_filled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    assert style_of(Terminal(), {}).width == WIDEST


def test_a_windows_console_is_told_to_show_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(os, "system", told.append)
    monkeypatch.setattr(os, "name", "nt")
    style_of(Terminal(), {})
    style_of(Terminal(tty=False), {})
    monkeypatch.undo()
    assert told == [""]


def test_paint_is_bare_without_colours() -> None:
    assert Style(color=True).paint("x", "red") == "\x1b[31mx\x1b[0m"
    assert Style().paint("x", "red") == "x"


@pytest.mark.parametrize(("sign", "ascii_sign"), [("✔", "+"), ("✖", "x"), ("→", "->"), ("!", "!")])
def test_a_glyph_has_an_ascii_form(sign: str, ascii_sign: str) -> None:
    assert Style().glyph(sign) == sign
    assert Style(unicode=False).glyph(sign) == ascii_sign
    assert Style(unicode=False).glyph(sign).isascii()


def test_text_is_wrapped_behind_its_indent_and_words_stay_whole() -> None:
    text = Style(width=20).indented("set DATABASE_URL=postgresql://user:password@host/name now")
    assert text == "    set\n    DATABASE_URL=postgresql://user:password@host/name\n    now"


@pytest.mark.parametrize("width", [1, 3, 5])
def test_a_terminal_narrower_than_the_indent_still_gets_all_words(width: int) -> None:
    assert Style(width=width).indented("one two").split() == ["one", "two"]
