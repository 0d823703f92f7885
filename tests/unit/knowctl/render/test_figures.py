from __future__ import annotations

import pytest

from knowctl.render import figures


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "-"),
        (-1, "0s"),
        (0.4, "0s"),
        (119.9, "119s"),
        (120, "2m"),
        (7199, "119m"),
        (7200, "2h"),
        (172_799, "47h"),
        (172_800, "2d"),
    ],
)
def test_an_age_is_whole_and_never_more_than_it_is(seconds: float | None, text: str) -> None:
    assert figures.age(seconds) == text


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (None, "-"),
        (0, "0.0ms"),
        (0.44, "0.4ms"),
        (9.94, "9.9ms"),
        (9.96, "10ms"),
        (999.0, "999ms"),
        (1000.0, "1.0s"),
        (9940, "9.9s"),
        (9960, "9s"),
        (120_000, "2m"),
    ],
)
def test_a_span_has_a_unit(milliseconds: float | None, text: str) -> None:
    assert figures.span(milliseconds) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (None, "-"),
        (0, "0"),
        (99_999, "99999"),
        (100_000, "100k"),
        (99_999_999, "99999k"),
        (100_000_000, "100M"),
    ],
)
def test_a_count_has_at_most_six_characters(number: int | None, text: str) -> None:
    assert figures.count(number) == text


def test_a_size_is_in_mebibytes() -> None:
    assert (figures.size(None), figures.size(98 << 20)) == ("-", "98M")


def test_one_is_not_many() -> None:
    assert (figures.plural(1, "worker"), figures.plural(0, "worker")) == ("1 worker", "0 workers")
