"""SARIF: the document that code scanning reads."""

from __future__ import annotations

import json
from urllib.parse import unquote, urljoin

import pytest
from hypothesis import given, settings

from knowctl import __version__
from knowctl.choices import Severity
from knowctl.model.findings import Finding, Outcome, Report
from knowctl.model.results import Where
from knowctl.render import sarif
from tests.support.findings import REPORTS
from tests.support.schemas import faults_of_sarif, is_uri_reference

FAILED = Finding(
    "KC103",
    Severity.ERROR,
    Outcome.FAIL,
    "Every value holds",
    "PORT is 70000",
    "mend PORT",
    Where(".env", 3, "PORT"),
    "docs/checks.md#kc103",
)


def run_of(*findings: Finding) -> dict[str, object]:
    document = json.loads(sarif.of_report(Report("it", findings)))
    assert (document["version"], document["$schema"]) == ("2.1.0", sarif.SCHEMA)
    (run,) = document["runs"]
    assert isinstance(run, dict)
    return run


def test_a_failure_is_a_result_with_its_rule_and_its_line() -> None:
    assert run_of(FAILED) == {
        "tool": {
            "driver": {
                "name": "knowctl",
                "semanticVersion": __version__,
                "rules": [
                    {
                        "id": "KC103",
                        "shortDescription": {"text": "Every value holds"},
                        "help": {"text": "See docs/checks.md#kc103"},
                        "defaultConfiguration": {"level": "error"},
                    }
                ],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": [
            {
                "ruleId": "KC103",
                "ruleIndex": 0,
                "kind": "fail",
                "level": "error",
                "message": {"text": "PORT is 70000. mend PORT"},
                "locations": [
                    {
                        "physicalLocation": {
                            "artifactLocation": {"uri": ".env"},
                            "region": {"startLine": 3},
                        }
                    }
                ],
            }
        ],
    }


def test_every_outcome_has_its_kind_and_only_a_failure_a_level() -> None:
    found = [
        Finding(f"KC{number}", Severity.WARNING, outcome, "It holds")
        for number, outcome in enumerate(Outcome)
    ]
    results = run_of(*found)["results"]
    assert isinstance(results, list)
    assert [(each["kind"], each["level"]) for each in results] == [
        ("pass", "none"),
        ("fail", "warning"),
        ("notApplicable", "none"),
        ("open", "none"),
    ]


def test_a_check_that_failed_twice_is_one_rule() -> None:
    run = run_of(FAILED, FAILED)
    results = run["results"]
    assert isinstance(results, list)
    assert [each["ruleIndex"] for each in results] == [0, 0]


def test_what_stands_in_no_file_is_shown_where_it_is_mended() -> None:
    passed = Finding("KC101", Severity.ERROR, Outcome.PASS, "It can be read")
    results = run_of(passed)["results"]
    assert isinstance(results, list)
    place = {"physicalLocation": {"artifactLocation": {"uri": ".env"}}}
    assert results[0]["locations"] == [place]
    assert results[0]["message"] == {"text": "It can be read"}


@given(REPORTS)
@settings(deadline=None)  # the first has the schema compiled
def test_any_report_fits_the_published_schema(report: Report) -> None:
    document = json.loads(sarif.of_report(report))
    assert faults_of_sarif(document) == []
    assert len(document["runs"][0]["results"]) == len(report.findings)


def test_the_schema_is_no_formality() -> None:
    document = json.loads(sarif.of_report(Report("it", (FAILED,))))
    place = document["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    place["artifactLocation"]["uri"] = "a b.env"
    place["region"]["startLine"] = 0
    del document["runs"][0]["tool"]
    assert len(faults_of_sarif(document)) == 3


@pytest.mark.parametrize(
    ("file", "uri"),
    [
        (".env", ".env"),
        ("deploy/staging.env", "deploy/staging.env"),
        ("../.env", "../.env"),
        ("a b%#?.env", "a%20b%25%23%3F.env"),
        ("é.env", "%C3%A9.env"),
        ("c:.env", "c%3A.env"),
        ("\udcff", "%FF"),
        ("\ud800", "%3F"),
        ("/etc/know alledge/.env", "file:///etc/know%20alledge/.env"),
    ],
)
def test_a_file_of_any_name_is_a_uri_reference(file: str, uri: str) -> None:
    found = Finding("KC1", Severity.ERROR, Outcome.FAIL, "It", where=Where(file, 1))
    results = run_of(found)["results"]
    assert isinstance(results, list)
    written = results[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert written == uri
    assert is_uri_reference(uri)


def test_a_reference_leads_to_the_file_it_was_made_of() -> None:
    base, file = "file:///home/checkout/", "sub dir/é:.env"
    found = Finding("KC1", Severity.ERROR, Outcome.FAIL, "It", where=Where(file, 1))
    results = run_of(found)["results"]
    assert isinstance(results, list)
    uri = results[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert unquote(urljoin(base, uri)) == base + file
