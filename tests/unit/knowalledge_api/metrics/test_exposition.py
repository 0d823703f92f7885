"""The numbers as Prometheus reads them."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from knowalledge_api.metrics.exposition import text
from knowalledge_api.metrics.files import Gathered
from knowalledge_api.metrics.recording import Recorder
from knowalledge_api.metrics.table import DURATION, LIMITED, TABLE, Kind, key_of

Sample = tuple[str, tuple[tuple[str, str], ...]]


def scraped(gathered: Gathered) -> dict[Sample, float]:
    """What Prometheus makes of it."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text(gathered).decode())
        for sample in family.samples
    }


def test_every_series_is_described_even_where_nothing_was_counted() -> None:
    said = text(Gathered({}, 0, 0.0)).decode()
    for series in TABLE:
        name = series.name
        assert f"# HELP {name} {series.help}" in said
        assert f"# TYPE {name} {series.kind}" in said


def test_what_has_no_labels_is_zero_before_it_is_counted() -> None:
    found = {name for name, _ in scraped(Gathered({}, 2, 5.0))}
    assert found == {each.name for each in TABLE if not each.labels}
    assert scraped(Gathered({}, 2, 5.0))["knowalledge_workers", ()] == 2
    assert scraped(Gathered({}, 2, 5.0))["knowalledge_start_time_seconds", ()] == 5


def test_a_histogram_adds_up() -> None:
    recorder = Recorder()
    for seconds in (0.001, 0.3, 100.0):
        recorder.observe("GET", "/api/topics/<name>", 200, seconds, 0, 0)
    found = scraped(recorder.gather())
    route = ("route", "/api/topics/<name>")
    assert found[f"{DURATION.name}_count", (route,)] == 3
    assert found[f"{DURATION.name}_sum", (route,)] == 100.301
    buckets = [found[f"{DURATION.name}_bucket", (("le", le), route)] for le in ("0.25", "60")]
    assert buckets == [1, 2]
    assert found[f"{DURATION.name}_bucket", (("le", "+Inf"), route)] == 3
    recorder.end()


def test_labels_are_escaped() -> None:
    key = key_of(LIMITED.name, 'a"b\\c\nd')
    found = scraped(Gathered({key: 4.0}, 1, 0.0))
    assert found[LIMITED.name, (("kind", 'a"b\\c\nd'),)] == 4


def test_what_another_version_counted_is_left_out() -> None:
    numbers = {"knowalledge_of_tomorrow_total": 1.0, key_of(LIMITED.name, "a", "b"): 1.0}
    found = {name for name, _ in scraped(Gathered(numbers, 1, 0.0))}
    assert not found & {"knowalledge_of_tomorrow_total", LIMITED.name}
    assert {series.kind for series in TABLE} == set(Kind)
