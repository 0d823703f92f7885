from __future__ import annotations

from dataclasses import replace

import pytest

from knowctl.model.configuration import SettingProblem
from knowctl.model.explanation import CheckText, ExplainedCheck, ExplainedSetting, SettingText
from knowctl.model.results import Where
from knowctl.render.explanation import plain
from knowctl.render.style import Style
from knowctl.render.text import of_result
from tests.conftest import Golden

CHECK = CheckText(
    "KC104",
    "Everything required is set",
    "error",
    ("KC101", "KC103"),
    "A setting has no value: `SECRET_KEY`.",
    "A key made up at start differs between workers and replicas and ends every session.",
    "`knowctl config init --environment production` writes a `.env`.\n\nElse mend it.",
)
PORT = SettingText(
    "PORT",
    "port to listen on",
    "Server",
    "a number",
    "",
    secret=False,
    required_outside_development=False,
)
SECRET = replace(PORT, name="SECRET_KEY", secret=True, required_outside_development=True)
PROBLEM = SettingProblem("value", "PORT", "PORT: 'x' is no number", "unset PORT", Where())


@pytest.mark.parametrize(
    ("name", "explained"),
    [
        ("check", ExplainedCheck(CHECK)),
        ("check-alone", ExplainedCheck(replace(CHECK, after=()))),
        ("setting", ExplainedSetting(PORT, "", "default", (), (PROBLEM,))),
        ("secret", ExplainedSetting(SECRET, "********", ".env:3", (CHECK,))),
    ],
)
def test_an_explanation_reads_as_it_should(
    golden: Golden, name: str, explained: ExplainedCheck | ExplainedSetting
) -> None:
    text = of_result(explained, Style())
    golden(f"{text}\n", f"explained/{name}.txt")
    assert max(map(len, text.splitlines())) <= 80


def test_headings_are_bold_where_there_is_colour() -> None:
    assert "\x1b[1mWhy\x1b[0m" in of_result(ExplainedCheck(CHECK), Style(color=True))


def test_text_is_wrapped_to_the_width() -> None:
    lines = plain("word " * 50, Style(width=40)).splitlines()
    assert {len(line) <= 40 for line in lines} == {True}
    assert len(lines) > 5


def test_code_is_bare_and_stays_on_one_line_where_it_has_room() -> None:
    text = plain(
        "Words before it that fill most of a line, then `knowctl db upgrade` so.", Style(width=60)
    )
    assert "    knowctl db upgrade so." in text.splitlines()
    assert "`" not in text
    assert len(plain(f"`{'much of it ' * 9}`", Style(width=60)).splitlines()) > 1


def test_a_link_is_its_words() -> None:
    assert plain("see [the page](docs/x.md).", Style()) == "    see the page."
