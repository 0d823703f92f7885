"""Every command explains itself by an example and takes the options that all of them take."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from knowctl.choices import Output
from knowctl.cli import COMMANDS, app
from tests.support.rooms import ROOT

COMMON = frozenset(
    {
        "--env-file",
        "--environment",
        "-o",
        "--output",
        "-q",
        "--quiet",
        "-v",
        "--verbose",
        "--no-color",
        "--debug",
    }
)


def walk(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    """A command and all below it, each with the words that name it."""
    yield name, command
    if hasattr(command, "list_commands"):
        context = typer.Context(command)
        for word in command.list_commands(context):
            yield from walk(f"{name} {word}", command.get_command(context, word))


TREE = dict(walk("knowctl", typer.main.get_command(app)))
every_command = pytest.mark.parametrize("name", TREE)


def test_the_whole_tree_is_walked() -> None:
    assert {name.split()[1] for name in TREE if " " in name} == set(COMMANDS)
    assert {"knowctl config check", "knowctl db current"} <= set(TREE)


@every_command
def test_the_help_has_an_example_of_this_very_command(name: str) -> None:
    text = TREE[name].help or ""
    assert f"Example: {name}" in text


@every_command
def test_every_common_option_is_accepted(name: str) -> None:
    accepted = {option for each in TREE[name].params for option in each.opts}
    assert COMMON - accepted == set()


@every_command
def test_every_option_and_argument_is_explained(name: str) -> None:
    assert [each.name for each in TREE[name].params if not getattr(each, "help", None)] == []


@every_command
def test_the_answer_may_be_asked_for_in_json(name: str) -> None:
    context = TREE[name].make_context(name, ["-o", "json"], resilient_parsing=True)
    assert context.params["output"] == Output.JSON


@pytest.mark.parametrize("document", ["README.md", "docs/operating.md", "docs/checks.md"])
def test_every_command_that_documents_name_is_one(document: str) -> None:
    named = set(re.findall(r"`(knowctl(?: [a-z][a-z-]*)+)", (ROOT / document).read_text()))
    assert named
    assert {name for name in named if not _is_known(name.split())} == set()


def _is_known(words: list[str]) -> bool:
    """Whether they begin with a command that does something; the rest may be its arguments."""
    known = max(size for size in range(1, len(words) + 1) if " ".join(words[:size]) in TREE)
    command = TREE[" ".join(words[:known])]
    return known == len(words) or (known > 1 and not hasattr(command, "list_commands"))
