"""Choices that look like chance and are the same for the same texts."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from knowalledge_api.providers.offline.chance import picked, shuffled

ITEMS = ("a", "b", "c", "d")


@given(st.lists(st.text(st.characters())))
def test_any_texts_decide_and_always_the_same(seed: list[str]) -> None:
    assert picked(ITEMS, *seed) in ITEMS
    assert picked(ITEMS, *seed) == picked(ITEMS, *seed)
    assert sorted(shuffled(ITEMS, *seed)) == sorted(ITEMS)
    assert shuffled(ITEMS, *seed) == shuffled(ITEMS, *seed)


def test_what_is_decided_today_is_decided_tomorrow() -> None:
    assert shuffled(range(6), "CI/CD", "量子力学") == (1, 5, 2, 0, 4, 3)
    assert picked(range(100), "CI/CD") == 49


def test_half_a_surrogate_decides_too() -> None:
    assert picked(ITEMS, "\ud800") in ITEMS


def test_where_one_text_ends_and_the_next_begins_makes_a_difference() -> None:
    numbers = range(10**9)
    assert picked(numbers, "ab", "c") != picked(numbers, "a", "bc")


def test_every_item_has_its_share() -> None:
    draws = 400
    seeds = [str(number) for number in range(draws)]
    for counted in (
        Counter(picked(ITEMS, seed) for seed in seeds),
        Counter(shuffled(ITEMS, seed)[0] for seed in seeds),
    ):
        assert min(counted[item] for item in ITEMS) > draws / len(ITEMS) / 2
