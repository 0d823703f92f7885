from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.knowctl.conftest import KEY, Run


def test_current_and_init_answer_with_the_revisions(run: Run) -> None:
    before = json.loads(run("db", "current", "-o", "json").out)["data"]
    assert (before["status"], before["current"]) == ("empty", [])
    done = json.loads(run("db", "init", "-o", "json").out)["data"]
    assert done["applied"][-1:] == before["heads"]
    after = json.loads(run("db", "current", "-o", "json").out)["data"]
    assert (after["status"], after["current"]) == ("ok", before["heads"])
    assert "nothing to do" in run("db", "init").out


@pytest.mark.parametrize("word", ["init", "current"])
def test_a_database_that_does_not_answer_is_three_lines(
    run: Run, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", "sqlite:////nowhere/at/all.db")
    said = run("db", word)
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("✖ the database does not answer (sqlite:////nowhere/at/all.db)\n")
    assert "→ " in said.err


def test_health_is_judged_part_by_part(run: Run) -> None:
    run("db", "init")
    said = run("db", "health")
    assert (said.code, said.err) == (0, "")
    assert [line.split()[1] for line in said.out.splitlines()] == [
        "connection",
        "server",
        "tls",
        "write",
        "replication",
        "transactions",
        "locks",
        "connections",
    ]
    data = json.loads(run("db", "health", "-o", "json").out)["data"]
    assert data["status"] == "ok"
    assert data["parts"]["write"]["outcome"] == "rolled back"
    assert data["parts"]["connection"]["median_ms"] > 0


def test_a_database_that_is_not_there_is_not_healthy(run: Run) -> None:
    said = run("db", "health", "-o", "json")
    document = json.loads(said.out)
    assert (said.code, document["error"]["code"]) == (1, "unhealthy")
    assert document["data"]["status"] == "failed"


def data(run: Run, *words: str, code: int = 0) -> Any:
    said = run("db", *words, "-o", "json")
    assert said.code == code, said
    return json.loads(said.out).get("data")


def test_a_schema_goes_up_and_down_and_its_history_follows(run: Run) -> None:
    (head,) = (each["revision"] for each in data(run, "heads")["revisions"])
    assert {each["state"] for each in data(run, "history")["revisions"]} == {"pending"}
    assert data(run, "upgrade", "0001")["after"] == ["0001"]
    assert data(run, "upgrade")["after"] == [head]
    assert data(run, "downgrade", "-1", "--yes")["undone"] == [head]
    states = {each["revision"]: each["state"] for each in data(run, "history")["revisions"]}
    assert states[head] == "pending"
    assert "current" in states.values()


def test_statements_are_printed_and_nothing_is_changed(run: Run) -> None:
    up = run("db", "upgrade", "--sql", "--lock-timeout", "9")
    assert "CREATE TABLE users" in up.out
    assert list(Path().iterdir()) == []
    assert "DROP TABLE users" in data(run, "downgrade", "0002:0001", "--sql")["sql"]


def test_nobody_downgrades_without_a_yes(run: Run) -> None:
    run("db", "init")
    said = run("db", "downgrade", "base")
    assert (said.code, said.out) == (4, "")
    assert "knowctl db downgrade base --yes" in said.err
    assert data(run, "current")["status"] == "ok"


def test_beginning_seeds_in_development_alone(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Newton's laws" in data(run, "init", "--create", "--seed")["seeded"]
    monkeypatch.setenv("SECRET_KEY", KEY)
    said = run("db", "init", "--seed", "--environment", "staging")
    assert (said.code, said.out) == (4, "")


def test_check_judges_the_schema(run: Run) -> None:
    assert data(run, "check", code=1)["summary"]["fail"] == 1
    run("db", "init")
    found = data(run, "check", "--select", "KC313", "--fail-level", "info")["findings"]
    assert [each["id"] for each in found] == ["KC313"]
    assert run("db", "check", "--ignore", "KC999").code == 2


def test_check_waits_in_vain_for_as_long_as_it_was_told(run: Run) -> None:
    said = run("db", "check", "--wait", "0.1")
    assert said.code == 3
    assert "KC313" in said.out


def test_a_migration_without_a_name_is_not_written(run: Run) -> None:
    assert run("db", "revision", "-m", " ").code == 2
