from __future__ import annotations

import json

import pytest

from tests.unit.knowctl.conftest import Run

NOBODY = ("--url", "http://127.0.0.1:1")


def test_a_server_elsewhere_that_is_silent_is_a_failure(run: Run) -> None:
    said = run("pool", "stats", *NOBODY)
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("✖ the server does not tell its live state\n")
    assert "nothing answers at http://127.0.0.1:1" in said.err


def test_the_settings_may_name_the_server_elsewhere(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KNOWCTL_URL", NOBODY[1])
    assert json.loads(run("pool", "stats", "-ojson").out)["error"]["code"] == "channel"


@pytest.mark.parametrize("url", ["ftp://x", "nonsense"])
def test_an_address_that_is_none_is_wrong_usage(run: Run, url: str) -> None:
    assert run("pool", "stats", "--url", url).code == 2


def test_watching_takes_a_terminal(run: Run) -> None:
    said = run("pool", "stats", "--watch")
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("✖ --watch needs a terminal\n")


def test_watching_nothing_ends_with_the_failure(run: Run) -> None:
    said = run("pool", "stats", "--watch", "-o", "json", *NOBODY)
    assert said.code == 1
    assert json.loads(said.out)["error"]["code"] == "channel"


def test_the_group_names_its_commands(run: Run) -> None:
    assert "stats" in run("pool", "--help").out


def test_a_budget_that_does_not_fit_exits_with_one_and_says_what_to_change(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://db/app")
    monkeypatch.setenv("GUNICORN_WORKERS", "5")
    said = run("pool", "budget")
    assert (said.code, said.err) == (1, "")
    assert "→ DB_POOL_SIZE=9 DB_MAX_OVERFLOW=0 " in said.out
    monkeypatch.setenv("DB_POOL_SIZE", "9")
    monkeypatch.setenv("DB_MAX_OVERFLOW", "0")
    assert run("pool", "budget").code == 0


def test_a_budget_has_the_shape_that_others_rely_on(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://db/app")
    monkeypatch.setenv("GUNICORN_WORKERS", "5")
    said = run("pool", "budget", "--replicas", "3", "--max-connections", "503", "-o", "json")
    document = json.loads(said.out)
    assert (said.code, document["ok"]) == (0, True)
    assert document["data"]["budget"] == {
        "per_worker": 25,
        "workers": 5,
        "generations": 4,
        "replicas": 3,
        "peak": 500,
        "limit": 500,
        "fits": True,
    }
    assert document["data"]["proposal"] is None


def test_sqlite_has_no_limit_of_connections(run: Run) -> None:
    said = run("pool", "budget")
    assert said.code == 0
    assert "SQLite has no limit of connections" in said.out


@pytest.mark.parametrize("words", ["--replicas=0", "--max-connections=0", "--replicas=x"])
def test_a_budget_of_nothing_is_wrong_usage(run: Run, words: str) -> None:
    assert run("pool", "budget", words).code == 2
