from __future__ import annotations

import json

import pytest

from tests.unit.knowctl.conftest import Run

NOBODY = ("--url", "http://127.0.0.1:1")


@pytest.fixture(autouse=True)
def _nobody_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "1")


def test_no_server_is_a_failure_with_its_parts_beside(run: Run) -> None:
    said = run("health")
    assert (said.code, said.err) == (1, "")
    assert said.out.startswith("✖ server     failed\n    nothing answers at http://127.0.0.1:1")
    assert "    → knowctl serve\n" in said.out
    assert "database" in said.out


@pytest.mark.parametrize(
    ("name", "value"), [("PORT", "x"), ("SECRET_KEY_FILE", "missing"), ("A", "")]
)
def test_a_server_that_was_named_is_asked_alone_whatever_the_settings_here(
    run: Run, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    said = run("health", *NOBODY)
    assert (said.code, said.err) == (1, "")
    assert said.out.startswith("✖ server     failed\n    nothing answers at http://127.0.0.1:1")
    assert "database" not in said.out
    assert "→ check --url, and the network between" in said.out
    monkeypatch.setenv("KNOWCTL_URL", NOBODY[1])
    assert run("health") == said


def test_without_a_named_server_the_settings_have_to_be_right(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REPLICAS", "x")
    said = run("health")
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("✖ the configuration can't be used\n    REPLICAS: 'x' is not ")


def test_direct_asks_the_parts_alone(run: Run) -> None:
    run("db", "init")
    said = run("health", "--direct", "-o", "json")
    document = json.loads(said.out)
    assert said.code == 0
    assert document["data"]["status"] == "ok"
    assert set(document["data"]["components"]) == {"database", "schema", "disk"}


@pytest.mark.parametrize("only", ["database", " database , ", "database,database"])
def test_only_the_named_parts_are_judged(run: Run, only: str) -> None:
    said = run("health", "--direct", "--only", only)
    assert said.code == 0
    assert said.out.startswith("✔ database   ok")
    assert len(said.out.splitlines()) == 1


def test_disk_and_ai_are_asked_where_they_are_named(run: Run) -> None:
    said = run("health", "--only", "ai,disk")
    assert said.code == 0
    first, _, second = said.out.splitlines()
    assert (first.split(), second.split()) == (["✔", "ai", "ok"], ["✔", "disk", "ok"])


def test_a_redis_that_is_not_configured_is_not_healthy(run: Run) -> None:
    said = run("health", "--direct", "--only", "redis")
    assert said.code == 1
    assert "REDIS_URL is not set" in said.out


@pytest.mark.parametrize("output", ["text", "json"])
def test_a_misspelt_part_is_never_healthy(run: Run, output: str) -> None:
    run("db", "init")
    said = run("health", "--direct", "--only", "databse", "-o", output)
    assert said.code == 1
    assert "databse" in said.out


def test_waiting_in_vain_has_its_own_exit_code(run: Run) -> None:
    said = run("health", *NOBODY, "--wait", "0.01", "-o", "json")
    assert said.code == 3
    assert json.loads(said.out)["error"]["code"] == "timed_out"


def test_waiting_waits_for_the_named_parts_alone(run: Run) -> None:
    run("db", "init")
    assert run("health", "--wait", "3600", "--only", "database").code == 0


@pytest.mark.parametrize("url", ["ftp://x", "http://127.0.0.1:99999", "http://[::1", "nonsense"])
def test_an_address_that_is_none_is_wrong_usage(run: Run, url: str) -> None:
    said = run("health", "--url", url)
    assert (said.code, said.out) == (2, "")
    assert len(said.err.splitlines()) == 3


def test_parts_here_and_a_server_elsewhere_are_not_asked_at_once(run: Run) -> None:
    said = run("health", "--direct", *NOBODY)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("✖ --direct and --url exclude each other\n")
