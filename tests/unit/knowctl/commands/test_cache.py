from __future__ import annotations

import pytest

from tests.unit.knowctl.conftest import Run


@pytest.mark.parametrize("words", [("stats",), ("clear", "--namespace", "subtopics")])
def test_without_a_server_there_is_nothing_to_ask(run: Run, words: tuple[str, ...]) -> None:
    said = run("cache", *words)
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("✖ no server runs here\n")


def test_the_group_names_its_commands(run: Run) -> None:
    said = run("cache", "--help").out
    assert "stats" in said
    assert "clear" in said
