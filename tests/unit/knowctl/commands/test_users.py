from __future__ import annotations

import json

import pytest

from tests.unit.knowctl.conftest import Run


@pytest.fixture(autouse=True)
def _schema(run: Run) -> None:
    run("db", "init")


def test_the_first_administrator_is_made_and_listed(run: Run) -> None:
    made = run("users", "create", "ada", "--role", "admin", "--email", "ada@example.org")
    assert (made.code, made.err) == (0, "")
    assert "ada: admin, free" in made.out
    (listed,) = json.loads(run("users", "list", "-o", "json").out)["data"]["users"]
    assert (listed["user_id"], listed["role"], listed["email"]) == (
        "ada",
        "admin",
        "ada@example.org",
    )


def test_a_user_is_promoted_kept_out_and_let_in(run: Run) -> None:
    run("users", "create", "ada", "--role", "admin")
    run("users", "create", "bob", "--tier", "basic")
    assert "bob: admin, basic" in run("users", "set-role", "bob", "admin").out
    assert "bob: admin, unlimited" in run("users", "set-tier", "bob", "unlimited").out
    assert "disabled" in run("users", "disable", "bob").out
    assert "disabled" not in run("users", "enable", "bob").out
    assert len(run("users", "list", "--limit", "1").out.splitlines()) == 3


def test_the_last_administrator_needs_a_yes(run: Run) -> None:
    run("users", "create", "ada", "--role", "admin")
    for words in (("disable", "ada"), ("set-role", "ada", "user")):
        said = run("users", *words)
        assert (said.code, said.out) == (4, "")
        assert "--yes" in said.err
    assert run("users", "set-role", "ada", "user", "--yes").code == 0
    assert run("users", "disable", "ada", "--yes").code == 0


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("create", "a!"), 2),
        (("create", "ada", "--role", "root"), 2),
        (("set-tier", "ada", "gold"), 2),
        (("enable", "nobody"), 1),
    ],
)
def test_what_can_not_be_done_is_three_lines(run: Run, words: tuple[str, ...], code: int) -> None:
    said = run("users", *words)
    assert (said.code, said.out) == (code, "")
    assert len(said.err.splitlines()) >= 3
