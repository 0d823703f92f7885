from __future__ import annotations

from knowctl.render.style import Style
from knowctl.render.table import of_figures, of_table

ROWS = [("0001", "[bold]brackets[/bold]"), ("0002", "a text that is longer than the page")]


def test_columns_are_as_wide_as_they_need_and_words_are_not_markup() -> None:
    assert of_table(("A", "B"), ROWS[:1], Style()) == ("A     B\n0001  [bold]brackets[/bold]")


def test_what_does_not_fit_is_folded_and_lost_nowhere() -> None:
    table = of_table(("A", "B"), ROWS[1:], Style(width=24))
    assert max(map(len, table.splitlines())) <= 24
    assert "".join(table.split()) == "AB0002atextthatislongerthanthepage"


def test_the_head_is_bold_where_there_are_colours() -> None:
    assert of_table(("A", "B"), ROWS, Style(color=True)).startswith("\x1b[1mA")
    assert "\x1b" not in of_table(("A", "B"), ROWS, Style())


def test_a_column_that_is_kept_whole_lets_others_fold() -> None:
    rows = [("a route that is long", "0123456789")]
    table = of_table(("A", "B"), rows, Style(width=24), whole={"B"})
    assert "0123456789" in table
    assert "a route that is long" not in table


def test_figures_stand_below_each_other_and_words_on_the_left() -> None:
    table = of_figures(
        ("PID", "STATE", "N"), [("7", "up", "10"), ("10", "d", "5")], Style(), {"STATE"}
    )
    assert table.splitlines() == ["PID  STATE   N", "  7  up     10", " 10  d       5"]


def test_figures_move_closer_where_there_is_little_room() -> None:
    rows = [("1", "2", "3")]
    assert of_figures(("A", "B", "C"), rows, Style(width=7)) == "A  B  C\n1  2  3"
    assert of_figures(("A", "B", "C"), rows, Style(width=6)) == "A B C\n1 2 3"


def test_the_head_of_figures_is_bold_and_nothing_else_coloured() -> None:
    assert of_figures(("A",), [("1",)], Style(color=True)) == "\x1b[1mA\x1b[0m\n1"
