"""What watches the product asks for series that there are, and for labels that they have."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import pytest
import yaml  # type: ignore[import-untyped]  # schemathesis brings it, nobody its types

from knowalledge_api.metrics.table import PREFIX, TABLE
from tests.support.rooms import ROOT

PROMETHEUS: Final = ROOT / "deploy" / "prometheus"
DASHBOARD: Final = ROOT / "deploy" / "grafana" / "knowalledge.json"
LABELS: Final = {name: {*series.labels} for series in TABLE for name in series.samples}
ADDED: Final = frozenset({"instance", "job", "le"})
"""Labels that Prometheus adds, or a histogram has."""
SEVERITIES: Final = frozenset({"page", "ticket"})
NAME: Final = re.compile(rf"\b{PREFIX}\w+")
SELECTOR: Final = re.compile(rf"\b({PREFIX}\w+)(?:\{{([^}}]*)\}})?")
GROUPED: Final = re.compile(r"\bby \(([^)]*)\)")


def rules() -> list[dict[str, Any]]:
    document = yaml.safe_load((PROMETHEUS / "alerts.yml").read_text())
    return [rule for group in document["groups"] for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(DASHBOARD.read_text())["panels"]
    return found


def expressions() -> Iterator[tuple[str, str]]:
    for rule in rules():
        yield rule["alert"], rule["expr"]
    for panel in panels():
        for target in panel["targets"]:
            yield panel["title"], target["expr"]


EXPRESSIONS: Final = list(expressions())


def faults(expression: str) -> list[str]:
    """Names and labels in an expression that no series has."""
    found = [name for name in NAME.findall(expression) if name not in LABELS]
    known: set[str] = set()
    for name, selector in SELECTOR.findall(expression):
        has = LABELS.get(name, set()) | ADDED
        known |= has
        found += [f"{name}: {label}" for label in re.findall(r"(\w+)\s*[=!]", selector)
                  if label not in has]  # fmt: skip
    for labels in GROUPED.findall(expression):
        found += [label for label in re.split(r"\s*,\s*", labels) if label not in known | ADDED]
    return found


@pytest.mark.parametrize(
    ("where", "expression"), EXPRESSIONS, ids=[name for name, _ in EXPRESSIONS]
)
def test_an_expression_uses_series_and_labels_that_there_are(where: str, expression: str) -> None:
    assert faults(expression) == [], where
    assert expression.count("(") == expression.count(")")


@pytest.mark.parametrize(
    "expression",
    [
        "knowalledge_requests",
        "rate(knowalledge_requests_total{code=~'5..'}[5m])",
        "sum by (user) (knowalledge_requests_total)",
        "knowalledge_request_duration_seconds",
    ],
)
def test_what_there_is_not_is_found(expression: str) -> None:
    assert faults(expression)


def test_every_series_is_looked_at_by_somebody() -> None:
    used = {name for _, expression in EXPRESSIONS for name in NAME.findall(expression)}
    assert {series.name for series in TABLE if not used & {*series.samples}} == set()


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_an_alert_says_what_is_wrong_and_what_to_do(rule: dict[str, Any]) -> None:
    assert rule["alert"].startswith("Knowalledge")
    assert rule["labels"]["severity"] in SEVERITIES
    assert set(rule["annotations"]) == {"summary", "description"}
    assert rule["annotations"]["description"].endswith(".")


def test_no_two_alerts_and_no_two_panels_have_one_name() -> None:
    for names in ([rule["alert"] for rule in rules()], [panel["title"] for panel in panels()]):
        assert len(names) == len(set(names))


def test_panels_do_not_overlap() -> None:
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in panels())
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24


def test_the_scrape_example_reads_the_alerts_and_the_right_path() -> None:
    example = yaml.safe_load((PROMETHEUS / "scrape.yml").read_text())
    assert example["rule_files"] == ["alerts.yml"]
    (job,) = example["scrape_configs"]
    assert (job["job_name"], job["metrics_path"]) == ("knowalledge", "/metrics")
    assert job["authorization"]["type"] == "Bearer"
