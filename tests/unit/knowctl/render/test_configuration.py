from __future__ import annotations

import pytest

from knowctl.errors import ErrorCode, Failure
from knowctl.model.configuration import ShownSetting, ShownSettings
from knowctl.model.results import Result
from knowctl.render.style import Style
from knowctl.render.text import of_result
from tests.support.styles import ASCII, COLOUR, NARROW, PLAIN, told

SHOWN = (
    ShownSetting("PORT", "5000", ".env:3"),
    ShownSetting("REDIS_URL", "", "default"),
    ShownSetting("HOST", "[::1] [bold]x[/bold]", "environment"),
)
TEXTS: list[tuple[Result, Style, str]] = [
    (
        ShownSettings(SHOWN, with_origin=True),
        PLAIN,
        """
        SETTING    VALUE                 ORIGIN
        PORT       5000                  .env:3
        REDIS_URL  -                     default
        HOST       [::1] [bold]x[/bold]  environment
        """,
    ),
    (
        ShownSettings(SHOWN[:2]),
        ASCII,
        """
        SETTING    VALUE
        PORT       5000
        REDIS_URL  -
        """,
    ),
    (
        ShownSettings(SHOWN[:1], problem=Failure(ErrorCode.CONFIGURATION, "fact", "why", "do")),
        PLAIN,
        """
        SETTING  VALUE
        PORT     5000

        ✖ fact
            why
            → do
        """,
    ),
    (
        ShownSettings((ShownSetting("DATABASE_URL", "postgresql://somewhere/very-far", "d"),)),
        NARROW,
        """
        SETTING       VALUE
        DATABASE_URL  postgresql://somewhere/ver
                      y-far
        """,
    ),
]


@pytest.mark.parametrize(("result", "style", "text"), TEXTS)
def test_a_result_reads_as_it_should(result: Result, style: Style, text: str) -> None:
    assert of_result(result, style) == told(text)


@pytest.mark.parametrize(
    ("result", "begins"),
    [
        (ShownSettings(SHOWN), "\x1b[1mSETTING"),
    ],
)
def test_it_is_coloured(result: Result, begins: str) -> None:
    assert of_result(result, COLOUR).startswith(begins)


@pytest.mark.parametrize("result", [each[0] for each in TEXTS])
def test_ascii_style_writes_ascii_and_plain_style_no_escapes(result: Result) -> None:
    assert of_result(result, ASCII).isascii()
    assert "\x1b" not in of_result(result, PLAIN)
