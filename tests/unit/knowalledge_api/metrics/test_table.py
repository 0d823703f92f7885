"""The table of series."""

from __future__ import annotations

import re

import pytest

from knowalledge_api.metrics.table import (
    BUCKETS,
    DURATION,
    IN_FLIGHT,
    REQUESTS,
    TABLE,
    Kind,
    Series,
    key_of,
    outlives,
)


def each(series: Series) -> str:
    return series.name


def test_no_name_is_given_twice() -> None:
    names = [name for series in TABLE for name in series.samples]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("series", TABLE, ids=each)
def test_names_follow_the_rules_of_prometheus(series: Series) -> None:
    assert re.fullmatch(r"knowalledge_[a-z_]+", series.name)
    assert series.name.endswith("_total") == (series.kind is Kind.COUNTER)
    assert all(re.fullmatch(r"[a-z]+", label) for label in series.labels)
    assert series.help
    assert not series.help.endswith(".")


def test_a_histogram_shows_three_names() -> None:
    assert DURATION.samples == tuple(f"{DURATION.name}_{n}" for n in ("bucket", "count", "sum"))
    assert REQUESTS.samples == (REQUESTS.name,)
    assert list(BUCKETS) == sorted(set(BUCKETS))


def test_what_was_counted_outlives_its_worker_and_what_was_measured_does_not() -> None:
    assert outlives(key_of(REQUESTS.name, "GET", "/health", "200"))
    assert outlives(key_of(f"{DURATION.name}_sum", "/health"))
    assert not outlives(key_of(IN_FLIGHT.name))
