from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from knowalledge_api.database.diagnosis.statements import shown_statement, shown_words

CANARY = "ada@example.org"
BEFORE = "SELECT id FROM topics WHERE "


@pytest.mark.parametrize(
    ("statement", "shown"),
    [
        (None, ""),
        ("", ""),
        ("SELECT 1", "SELECT ?"),
        ("UPDATE t1 SET a2 = -3.5e7, b = b+1", "UPDATE t1 SET a2 = ?, b = b+?"),
        ("SELECT 'it''s', E'x' FROM t", "SELECT ??, E? FROM t"),
        ("SELECT $1, $tag$x'y$tag$, $$z$$", "SELECT $1, ?, ?"),
        ("SELECT /* by ada */ 1 -- for ada\nFROM t", "SELECT ? ? ? FROM t"),
        ("SELECT 1 -- for ada", "SELECT ? ?"),
        ("SELECT 1--for ada\nFROM t", "SELECT ??"),
        ("SELECT 1 # for ada\nFROM t", "SELECT ? ?"),
        ("SELECT /* a /* nested */ one */ 1", "SELECT ? ?"),
        ("SELECT `it's` FROM t WHERE a = 'x'", "SELECT ? FROM t WHERE a = ?"),
        ('SELECT "a" FROM t', "SELECT ? FROM t"),
        ("SELECT 'cut by the serv", "SELECT ?"),
        ("SELECT $$cut by the serv", "SELECT ?"),
        ("SELECT /* cut by the serv", "SELECT ?"),
        (r"SELECT 'a\', 'b' FROM t", "SELECT ?"),
        ("SELECT\n\ta,\x1b[31m b", "SELECT a, [? b"),
        ("SELECT 0x1F, x'ab'", "SELECT ?, x?"),
    ],
)
def test_every_value_is_a_question_mark(statement: str | None, shown: str) -> None:
    assert shown_statement(statement) == shown


def quoted(value: str) -> list[str]:
    """The value as a literal of any of the databases."""
    return [
        "'" + value.replace("'", "''") + "'",
        "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'",
        '"' + value.replace('"', '""') + '"',
        f"$a${value.replace('$', '')}$a$",
        f"/*{value.replace('*', '')}*/ 1",
    ]


@given(st.text(max_size=20), st.text(max_size=20))
@example("'", "\\")
@example("\\", "'")
@example("`", "\n")
def test_a_value_never_shows_whatever_stands_around_it(before: str, after: str) -> None:
    value = f"{before}{CANARY}{after}"
    for literal in quoted(value):
        shown = shown_statement(f"{BEFORE}a = {literal} AND b = '{CANARY}'")
        assert CANARY not in shown
        assert shown.startswith(f"{BEFORE}a = ?")
        for end in range(len(literal)):  # the server cuts long statements anywhere
            assert CANARY not in shown_statement(f"{BEFORE}a = {literal[:end]}")


@given(st.text())
def test_what_is_shown_is_one_printable_line_of_eighty_characters(words: str) -> None:
    for shown in (shown_statement(words), shown_words(words)):
        assert len(shown) <= 80
        assert shown.isprintable()


def test_what_is_cut_says_so() -> None:
    assert shown_words("a" * 80) == "a" * 80
    assert shown_words("a" * 81) == "a" * 79 + "…"
