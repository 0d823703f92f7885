from __future__ import annotations

import pytest

from knowctl.model.results import Plan, Result, Step, WrittenFile
from knowctl.render.style import Style
from knowctl.render.text import of_result
from tests.support.styles import ASCII, PLAIN, told

TEXTS: list[tuple[Result, Style, str]] = [
    (
        WrittenFile(".env", "fresh secrets"),
        PLAIN,
        "✔ written        .env: fresh secrets",
    ),
    (
        WrittenFile(".env", "fresh secrets", ".env.1.bak"),
        ASCII,
        """
        + written        .env: fresh secrets
            the former file is .env.1.bak
        """,
    ),
    (
        Plan((Step("check", "configuration"), Step("bind", "http://127.0.0.1:5000"))),
        PLAIN,
        """
        → check     configuration
        → bind      http://127.0.0.1:5000
        """,
    ),
    (Plan((Step("run", "gunicorn"),)), ASCII, "-> run       gunicorn"),
    (Plan(()), PLAIN, "nothing to do"),
    (
        WrittenFile("/srv/" + "deep/" * 12 + "x.py", "a new migration", "x.bak"),
        PLAIN,
        f"""
        ✔ written        /srv/{"deep/" * 12}x.py
            a new migration
            the former file is x.bak
        """,
    ),
]


@pytest.mark.parametrize(("result", "style", "text"), TEXTS)
def test_a_result_reads_as_it_should(result: Result, style: Style, text: str) -> None:
    assert of_result(result, style) == told(text)


@pytest.mark.parametrize("result", [each[0] for each in TEXTS])
def test_ascii_style_writes_ascii_and_plain_style_no_escapes(result: Result) -> None:
    assert of_result(result, ASCII).isascii()
    assert "\x1b" not in of_result(result, PLAIN)
