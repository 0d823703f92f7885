"""Reading a server's metrics as Prometheus does."""

from __future__ import annotations

import contextlib
import http.client
from collections.abc import Mapping
from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families

TIMEOUT = 30.0


@dataclass(frozen=True, slots=True)
class Scrape:
    """The samples of one scrape."""

    samples: Mapping[tuple[str, frozenset[tuple[str, str]]], float]

    def sum(self, name: str, **labels: str) -> float:
        """The sum over all samples of a name that have these labels."""
        return sum(
            value
            for (found, all_labels), value in self.samples.items()
            if found == name and labels.items() <= dict(all_labels).items()
        )


def fetch(
    port: int, path: str = "/metrics", **headers: str
) -> tuple[int, http.client.HTTPMessage, str]:
    """Status, headers and text of one request on a connection of its own."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    with contextlib.closing(link):
        link.request("GET", path, headers=headers)
        answer = link.getresponse()
        return answer.status, answer.headers, answer.read().decode()


def scrape(port: int, **headers: str) -> Scrape:
    """What /metrics says."""
    status, _, text = fetch(port, **headers)
    assert status == 200, text
    return Scrape(
        {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }
    )
