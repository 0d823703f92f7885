from __future__ import annotations

import json as standard
import re
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowctl.choices import Severity
from knowctl.errors import ErrorCode, ExitCode, Failure
from knowctl.model.configuration import ShownSetting, ShownSettings
from knowctl.model.database import (
    Migration,
    Revision,
    Revisions,
    RevisionState,
    Schema,
    SchemaStatus,
    Statements,
)
from knowctl.model.findings import Finding, Outcome, Report
from knowctl.model.health import Component, Health, HealthStatus
from knowctl.model.results import Plan, Result, Step, Where, WrittenFile
from knowctl.render import json

PASSED = Finding("KC102", Severity.ERROR, Outcome.PASS, "A fact", docs="docs/checks.md#kc102")
FAILED = Finding(
    "KC103",
    Severity.ERROR,
    Outcome.FAIL,
    "Another",
    "cause",
    "hint",
    Where(".env", 3, "PORT"),
    "docs/checks.md#kc103",
)
GOOD: list[tuple[Result, Any]] = [
    (
        Report("it", (PASSED,)),
        {
            "findings": [
                {
                    "id": "KC102",
                    "severity": "error",
                    "outcome": "pass",
                    "title": "A fact",
                    "cause": "",
                    "hint": "",
                    "where": {"file": None, "line": None, "variable": None},
                    "docs": "docs/checks.md#kc102",
                }
            ],
            "summary": {"pass": 1, "fail": 0, "skipped": 0, "unknown": 0},
        },
    ),
    (
        ShownSettings((ShownSetting("PORT", "5000", ".env:3"),)),
        {"settings": [{"name": "PORT", "value": "5000", "origin": ".env:3"}]},
    ),
    (WrittenFile(".env", "settings"), {"path": ".env", "what": "settings", "backup": None}),
    (
        Schema("sqlite:///x", SchemaStatus.SEVERAL_HEADS, (), ("1", "2")),
        {
            "database": "sqlite:///x",
            "status": "several_heads",
            "current": [],
            "heads": ["1", "2"],
        },
    ),
    (
        Migration("sqlite:///x", (), ("1",), ("1",)),
        {
            "database": "sqlite:///x",
            "before": [],
            "after": ["1"],
            "applied": ["1"],
            "undone": [],
            "created": False,
            "seeded": [],
        },
    ),
    (
        Statements("sqlite:///x", "DROP TABLE a;"),
        {"database": "sqlite:///x", "sql": "DROP TABLE a;"},
    ),
    (
        Revisions("x", (Revision("2", ("1",), "Users", head=True, state=RevisionState.PENDING),)),
        {
            "database": "x",
            "revisions": [
                {
                    "revision": "2",
                    "parents": ["1"],
                    "title": "Users",
                    "head": True,
                    "state": "pending",
                }
            ],
        },
    ),
    (
        Health({"database": Component(HealthStatus.DEGRADED, 1.5, "slow", "wait")}),
        {
            "status": "degraded",
            "components": {
                "database": {
                    "status": "degraded",
                    "latency_ms": 1.5,
                    "cause": "slow",
                    "hint": "wait",
                }
            },
        },
    ),
    (Plan((Step("bind", "x"),)), {"steps": [{"name": "bind", "detail": "x"}]}),
]


@pytest.mark.parametrize(("result", "data"), GOOD, ids=lambda each: type(each).__name__)
def test_a_success_is_one_document_with_its_data(result: Result, data: object) -> None:
    assert standard.loads(json.of_result(result)) == {"schema": 1, "ok": True, "data": data}


def test_a_result_that_is_no_success_has_error_and_data() -> None:
    document = standard.loads(json.of_result(Report("it", (PASSED, FAILED))))
    assert document["ok"] is False
    assert document["error"] == {
        "code": "findings",
        "message": "1 of 2 findings bar it",
        "cause": "KC103: cause",
        "hint": "hint",
    }
    assert document["data"]["findings"][1]["where"] == {
        "file": ".env",
        "line": 3,
        "variable": "PORT",
    }


def test_a_failure_is_one_document_without_data() -> None:
    failure = Failure(ErrorCode.EXISTS, "fact", "cause", "hint", ExitCode.REFUSED)
    assert standard.loads(json.of_failure(failure)) == {
        "schema": 1,
        "ok": False,
        "error": {"code": "exists", "message": "fact", "cause": "cause", "hint": "hint"},
    }


@pytest.mark.parametrize("text", ["é✔😀", "\x1b[31m", '"\\\n', "\\udcff"])
def test_any_text_is_written_in_ascii_and_read_back_as_it_was(text: str) -> None:
    written = json.of_failure(Failure(ErrorCode.USAGE, text, text, text))
    assert written.isascii()
    assert standard.loads(written)["error"]["cause"] == text


@given(st.text(st.characters()))
def test_strict_readers_take_any_text_halves_of_pairs_are_replaced(text: str) -> None:
    written = json.of_failure(Failure(ErrorCode.USAGE, text, text, text))
    whole = re.sub("[\ud800-\udfff]", "\ufffd", text)
    assert orjson.loads(written)["error"]["cause"] == whole
    assert standard.loads(written)["error"]["cause"] == whole


@pytest.mark.parametrize("thing", [{1, 2}, Plan])
def test_what_is_no_noun_is_no_json(thing: object) -> None:
    class Odd:
        failure = None
        data = thing

    with pytest.raises(TypeError, match="no JSON for"):
        json.of_result(Odd())


def test_statements_for_somebody_else_are_data_beside_the_error() -> None:
    asked = Failure(ErrorCode.REFUSED, "f", "c", "h", sql=("CREATE USER a;", "CREATE DATABASE b;"))
    document = standard.loads(json.of_failure(asked))
    assert document["data"] == {"sql": "CREATE USER a;\nCREATE DATABASE b;"}
    assert "sql" not in document["error"]
    assert "data" not in standard.loads(json.of_failure(Failure(ErrorCode.REFUSED, "f", "c", "h")))


def test_one_of_many_documents_is_a_line() -> None:
    line = json.line_of(Plan((Step("a", "b"),)))
    assert line.count("\n") == 0
    assert standard.loads(line) == standard.loads(json.of_result(Plan((Step("a", "b"),))))
