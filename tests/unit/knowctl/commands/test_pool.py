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
