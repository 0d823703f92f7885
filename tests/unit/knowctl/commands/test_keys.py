from __future__ import annotations

import json
import re

import pytest

from tests.unit.knowctl.conftest import Run

KEY = re.compile(r"sk_[A-Za-z0-9_-]{43}\n")


@pytest.fixture(autouse=True)
def _ada(run: Run) -> None:
    run("db", "init")
    run("users", "create", "ada")


def test_stdout_is_the_key_alone(run: Run) -> None:
    said = run("keys", "issue", "ada")
    assert said.code == 0
    assert KEY.fullmatch(said.out)
    assert said.out.strip() not in said.err
    assert "shown this once" in said.err
    data = json.loads(run("keys", "issue", "ada", "-q", "-o", "json").out)["data"]
    assert KEY.fullmatch(data["api_key"] + "\n")


def test_a_key_is_never_shown_again(run: Run) -> None:
    key = run("keys", "issue", "ada").out.strip()
    for output in ("text", "json"):
        listed = run("keys", "list", "ada", "--all", "-o", output).out
        assert key[:11] in listed
        assert key[11:] not in listed


def test_keys_end_with_a_yes_alone(run: Run) -> None:
    run("keys", "issue", "ada")
    for words in (("revoke", "ada", "1"), ("revoke", "ada", "--all"), ("rotate", "ada")):
        said = run("keys", *words)
        assert (said.code, said.out) == (4, "")
        assert f"knowctl keys {' '.join(words)} --yes" in said.err
    assert KEY.fullmatch(run("keys", "rotate", "ada", "--yes").out)
    assert run("keys", "revoke", "ada", "2", "--yes").code == 0
    assert "has none" in run("keys", "list", "ada").out


def test_one_key_or_all_has_to_be_named(run: Run) -> None:
    for words in (("ada",), ("ada", "1", "--all")):
        assert run("keys", "revoke", *words, "--yes").code == 2
    assert run("keys", "revoke", "ada", "7", "--yes").code == 1
