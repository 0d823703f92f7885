"""Windows of time in which requests are counted."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowalledge_api.limits import windows
from knowalledge_api.limits.windows import FRESH, MOST, Rate, Verdict, rates_of

MINUTE = (Rate(3, 60),)
TWO = (Rate(3, 60), Rate(5, 3600))
gaps = st.lists(st.floats(0, 40), max_size=60)


@dataclass
class Model:
    """What a window is, told as simply as can be: the moments of its requests."""

    rate: Rate
    start: float = 0.0
    passed: int = 0

    def at(self, now: float) -> None:
        if not self.passed or now >= self.start + self.rate.seconds:
            self.start, self.passed = now, 0


@pytest.mark.parametrize(
    ("text", "rates"),
    [
        ("10/minute;100/hour", (Rate(10, 60), Rate(100, 3600))),
        ("100 / day;5/second", (Rate(5, 1), Rate(100, 86400))),
        ("9/minute;3/minute;7/minute", (Rate(3, 60),)),
    ],
)
def test_a_setting_is_read_as_rates_the_shortest_first(text: str, rates: tuple[Rate, ...]) -> None:
    assert rates_of(text) == rates


def test_a_window_begins_with_its_first_request_and_ends_as_a_whole() -> None:
    kept = list(FRESH)
    moments = (100.0, 110.0, 159.0, 159.5, 160.0)
    told = [windows.count(kept, MINUTE, now) for now in moments]
    assert [verdict.allowed for verdict in told] == [True, True, True, False, True]
    assert [verdict.remaining for verdict in told] == [2, 1, 0, 0, 2]
    assert [verdict.reset_seconds for verdict in told] == [60, 50, 1, 1, 60]
    assert [verdict.retry_after for verdict in told] == [0, 0, 0, 1, 0]


@given(st.lists(st.floats(0, 7200), max_size=40))
def test_each_window_admits_its_limit_and_no_more(pauses: list[float]) -> None:
    kept, now, models = list(FRESH), 1e9, [Model(rate) for rate in TWO]
    for pause in pauses:
        now += pause
        for model in models:
            model.at(now)
        expected = all(model.passed < model.rate.limit for model in models)
        verdict = windows.count(kept, TWO, now)
        assert verdict.allowed == expected
        for model in models:
            model.passed += expected
        assert verdict.remaining == min(model.rate.limit - model.passed for model in models)
        assert 1 <= verdict.reset_seconds <= 3600
        assert bool(verdict.retry_after) == (not expected)


@given(gaps)
def test_who_comes_again_when_told_to_is_admitted(pauses: list[float]) -> None:
    kept, now = list(FRESH), 1e9
    for pause in pauses:
        now += pause
        verdict = windows.count(kept, MINUTE, now)
        if not verdict.allowed:
            now += verdict.retry_after
            assert windows.count(kept, MINUTE, now).allowed


@given(gaps, st.integers(0, 60))
def test_counts_of_redis_and_of_memory_are_one_count(pauses: list[float], away: int) -> None:
    """Redis answers as memory would: with one of the two away nothing is forgotten or doubled."""
    kept, redis, alone, now = list(FRESH), list(FRESH), list(FRESH), 1e9
    for number, pause in enumerate(pauses):
        now += pause
        expected = windows.count(alone, TWO, now)
        if number % 7 < away % 8:
            verdict = windows.count(kept, TWO, now)
        else:
            windows.renew(kept, TWO, now)
            windows.renew(redis, TWO, now)
            owed = windows.forgive(kept, TWO)
            for (_, _, at), debt in zip(windows.plan_of(TWO), owed, strict=True):
                if kept[at + 1] + debt:
                    redis[at] = kept[at]
                    redis[at + 1] = max(redis[at + 1], kept[at + 1]) + debt
            allowed = windows.have_room(redis, TWO)
            for _, _, at in windows.plan_of(TWO):
                redis[at + 1] += allowed
            counted = [(redis[at], int(redis[at + 1])) for _, _, at in windows.plan_of(TWO)]
            windows.learn(kept, TWO, counted)
            verdict = windows.verdict(kept, TWO, now, allowed=allowed)
        assert verdict == expected


def test_the_tightest_window_is_told_and_of_two_alike_the_one_that_lasts() -> None:
    kept = list(FRESH)
    assert windows.count(kept, TWO, 100.0) == Verdict(
        allowed=True, limit=3, remaining=2, reset_seconds=60, retry_after=0
    )
    for now in (100.0, 160.0, 161.0):
        last = windows.count(kept, TWO, now)
    assert (last.limit, last.remaining, last.reset_seconds) == (5, 1, 3539)


def test_a_clock_that_was_set_back_holds_nobody_longer_than_a_window() -> None:
    kept = list(FRESH)
    for _ in range(3):
        windows.count(kept, MINUTE, 5000.0)
    assert windows.count(kept, MINUTE, 1000.0).retry_after == 60
    assert windows.count(kept, MINUTE, 1060.0).allowed


def test_what_redis_is_owed_can_be_put_back() -> None:
    kept = list(FRESH)
    windows.count(kept, TWO, 100.0)
    before = kept.copy()
    owed = windows.forgive(kept, TWO)
    assert owed == (1, 1)
    assert windows.have_room(kept, TWO)
    windows.owe(kept, TWO, owed)
    assert kept == before


def test_an_older_answer_of_redis_counts_nothing_down() -> None:
    kept = list(FRESH)
    windows.learn(kept, MINUTE, [(100.0, 3)])
    windows.learn(kept, MINUTE, [(100.0, 2)])
    assert windows.verdict(kept, MINUTE, 101.0, allowed=True).remaining == 0
    windows.learn(kept, MINUTE, [(160.0, 1)])
    assert windows.verdict(kept, MINUTE, 161.0, allowed=True).remaining == 2
    windows.learn(kept, MINUTE, [(160.0, 2**40)])
    assert MOST in kept


def test_the_weight_is_of_what_still_counts() -> None:
    kept = list(FRESH)
    windows.count(kept, TWO, 100.0)
    windows.learn(kept, TWO, [(100.0, 4), (100.0, 0)])
    assert windows.weight(kept, 101.0) == 6
    assert windows.weight(kept, 161.0) == 1
    assert windows.weight(kept, 99999.0) == 0
