"""The numbers as Prometheus reads them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import Metric

from knowalledge_api.metrics.files import Gathered
from knowalledge_api.metrics.table import BUCKETS, KEPT, START_TIME, TABLE, WORKERS, Kind, Series

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST

Labelled = Mapping[tuple[str, ...], float]
"""The numbers of one sample's name, by their labels."""


@dataclass(frozen=True, slots=True)
class _Collector:
    """What prometheus-client asks for families."""

    gathered: Gathered

    def collect(self) -> Iterator[Metric]:
        """The families of the table."""
        return families(self.gathered)


def text(gathered: Gathered) -> bytes:
    """All series, with their kinds and meanings, of CONTENT_TYPE."""
    return generate_latest(_Collector(gathered))


def families(gathered: Gathered) -> Iterator[Metric]:
    """One family a row of the table."""
    numbers = by_name(gathered)
    for series in TABLE:
        family = Metric(series.name.removesuffix("_total"), series.help, series.kind.value)
        if series.kind is Kind.HISTOGRAM:
            _histogram(family, series, numbers)
        else:
            found = numbers.get(series.name, {} if series.labels else {(): 0.0})
            for labels, number in sorted(found.items()):
                family.add_sample(series.name, _named(series, labels), number)
        yield family


def by_name(gathered: Gathered) -> dict[str, dict[tuple[str, ...], float]]:
    """The numbers by name, then by labels; with those of the server itself.

    What the table does not know is left out: another version may have counted it.
    """
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for key, number in gathered.numbers.items():
        name, *labels = key.split("\t")
        if KEPT.get(name) == len(labels):
            found.setdefault(name, {})[tuple(labels)] = number
    found[START_TIME.name] = {(): gathered.since}
    found[WORKERS.name] = {(): gathered.workers}
    return found


def _histogram(family: Metric, series: Series, numbers: Mapping[str, Labelled]) -> None:
    buckets = numbers.get(f"{series.name}_bucket", {})
    sums = numbers.get(f"{series.name}_sum", {})
    for labels in sorted({labels[:-1] for labels in buckets}):
        named = _named(series, labels)
        total = 0.0
        for bound in _bounds():
            total += buckets.get((*labels, bound), 0.0)
            family.add_sample(f"{series.name}_bucket", {**named, "le": bound}, total)
        family.add_sample(f"{series.name}_count", named, total)
        family.add_sample(f"{series.name}_sum", named, sums.get(labels, 0.0))


def _bounds() -> Iterable[str]:
    return (*(f"{bound:g}" for bound in BUCKETS), "+Inf")


def _named(series: Series, labels: tuple[str, ...]) -> dict[str, str]:
    return dict(zip(series.labels, labels, strict=True))
