from __future__ import annotations

import pytest

from knowctl.probes.wording import LONGEST, cleaned, printable, words


def test_words_can_not_move_the_cursor_or_fill_the_screen() -> None:
    assert words("a\x1b[2J\nb") == "a�[2J�b"
    assert words("é✔") == "é✔"
    assert len(words("x" * 999)) == LONGEST


def test_what_is_printable_is_as_long_as_it_was() -> None:
    assert printable("a\x1b" + "x" * 999) == "a�" + "x" * 999


@pytest.mark.parametrize(
    "sign", ["\x07", "\x7f", "\x9b", "\u061c", "\u200e", "\u202e", "\U000e0041"]
)
def test_words_can_not_ring_turn_or_hide(sign: str) -> None:
    assert words(f"a{sign}b") == "a�b"


def test_all_of_a_document_is_cleaned_and_its_figures_stay() -> None:
    said = {"a\x1b": [{"b": "c\x07"}, 1, None, True, 2.5], "d": {"e\n": "x" * 999}}
    assert cleaned(said) == {
        "a�": [{"b": "c�"}, 1, None, True, 2.5],
        "d": {"e�": words("x" * 999)},
    }
