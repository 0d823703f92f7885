from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from tests.unit.knowctl.conftest import Run

if TYPE_CHECKING:
    import pytest

EXACT = ("KC201", "KC202", "KC210", "KC211", "KC212", "KC213", "KC214", "KC220")
"""What holds wherever the tests run."""


def selected(*ids: str) -> list[str]:
    return [word for each in ids for word in ("--select", each)]


def test_the_environment_of_the_tests_is_as_it_should_be(run: Run) -> None:
    said = run("env", "check", *selected(*EXACT))
    assert (said.code, said.err) == (0, "")
    assert said.out.endswith(f"\n{len(EXACT)} checked: {len(EXACT)} passed\n")


def test_environment_and_machine_are_judged_without_being_asked_for_more(run: Run) -> None:
    data = json.loads(run("env", "check", "-o", "json").out)["data"]
    ids = {each["id"] for each in data["findings"]}
    assert set(EXACT) | {"KC206", "KC215", "KC520", "KC524"} <= ids
    assert not {each for each in ids if each < "KC2" or each > "KC6"}


def test_an_activated_environment_that_is_gone_is_a_warning(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIRTUAL_ENV", "/nowhere")
    words = ("env", "check", "--select", "KC204")
    said = run(*words)
    assert said.code == 0
    assert said.out.startswith("! KC204 The activated environment is the one that runs\n")
    assert run(*words, "--fail-level", "warning").code == 1
    assert run(*words, "-o", "github").out.startswith("::warning title=KC204 ")


def test_settings_that_can_not_be_used_bar_nothing(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORT", "x")
    Path(".env").write_bytes(b"\xff")
    assert run("env", "check", *selected(*EXACT)).code == 0


def test_an_extra_or_id_that_is_none_is_wrong_usage(run: Run) -> None:
    assert run("env", "check", "--extra", "mysq").code == 2
    assert run("env", "check", "--select", "KC101").code == 2


def test_create_shows_a_plan_and_changes_nothing(run: Run) -> None:
    said = run("env", "create", "--dry-run", "--path", "fresh", "--extra", "mysql")
    assert (said.code, said.err) == (0, "")
    create, lock, project = said.out.splitlines()
    assert re.fullmatch(r"→ create    fresh with Python 3\.[0-9.]+: there is none", create)
    assert lock == "→ install   requirements.lock for mysql"
    assert project == "→ install   the project"
    assert not Path("fresh").exists()


def test_create_refuses_what_is_in_the_way_and_extras_that_are_none(run: Run) -> None:
    Path(".venv").mkdir()
    Path(".venv/notes").touch()
    said = run("env", "create", "--yes")
    assert (said.code, said.out) == (4, "")
    assert said.err.splitlines()[-1] == "    → mv .venv .venv.old"
    assert run("env", "create", "--path", "x", "--extra", "mysq").code == 2
