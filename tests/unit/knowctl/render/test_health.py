from __future__ import annotations

import pytest

from knowctl.model.health import Component, Health, HealthStatus
from knowctl.model.results import Result
from knowctl.render.style import Style
from knowctl.render.text import of_result
from tests.support.styles import ASCII, COLOUR, END, GREEN, PLAIN, RED, told

HEALTH = Health(
    {
        "server": Component(HealthStatus.OK, 3.4),
        "redis": Component(HealthStatus.DEGRADED, None, "it is gone", "start it"),
        "database": Component(HealthStatus.FAILED, 12.0, "refused", "start the database"),
    }
)
TEXTS: list[tuple[Result, Style, str]] = [
    (
        HEALTH,
        PLAIN,
        """
        ✔ server     ok  3 ms
        ! redis      degraded
            it is gone
            → start it
        ✖ database   failed  12 ms
            refused
            → start the database
        """,
    ),
]


@pytest.mark.parametrize(("result", "style", "text"), TEXTS)
def test_a_result_reads_as_it_should(result: Result, style: Style, text: str) -> None:
    assert of_result(result, style) == told(text)


@pytest.mark.parametrize(
    ("result", "begins"),
    [
        (Health({"a": Component(HealthStatus.OK)}), f"{GREEN}✔{END} a          ok"),
        (Health({"a": Component(HealthStatus.FAILED)}), f"{RED}✖{END} a          failed"),
    ],
)
def test_it_is_coloured(result: Result, begins: str) -> None:
    assert of_result(result, COLOUR).startswith(begins)


@pytest.mark.parametrize("result", [each[0] for each in TEXTS])
def test_ascii_style_writes_ascii_and_plain_style_no_escapes(result: Result) -> None:
    assert of_result(result, ASCII).isascii()
    assert "\x1b" not in of_result(result, PLAIN)
