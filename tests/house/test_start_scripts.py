"""Both start-up scripts are read by the grammars of their languages, and do the same in order."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import tree_sitter_bash
import tree_sitter_powershell
from tree_sitter import Language, Node, Parser

from tests.support.rooms import ROOT

SCRIPTS = {
    "start_production.sh": Language(tree_sitter_bash.language()),
    "start_production.ps1": Language(tree_sitter_powershell.language()),
}
STAGES = (
    ("try a Python", re.compile(r"-I -c\b")),
    ("start the bootstrap", re.compile(r"\bproduction\b.*--")),
    ("say that there is none", re.compile(r"x there is no Python to start with")),
    ("say why", re.compile(r"python3 and python on PATH runs|python3 nor python on PATH runs")),
    (
        "say what to do",
        re.compile(r"-> install Python 3\.\d+ or newer \(.+\), then run this again"),
    ),
    ("leave", re.compile(r"exit 1")),
)
DOES = ("command", "invokation_expression", "flow_control_statement", "heredoc_body")
"""The nodes in which something is done or said."""
WORKS = "import sys; sys.exit(sys.version_info < (3, 7))"
ALL = {"start_production.sh": "$@", "start_production.ps1": "@args"}
"""How each writes all that it was given."""
BOOTSTRAP = "src/knowctl/probes/bootstrap.py"


def parsed(name: str, text: str | None = None) -> Node:
    source = (ROOT / name).read_text("utf-8") if text is None else text
    return Parser(SCRIPTS[name]).parse(source.encode()).root_node


def nodes(root: Node) -> Iterator[Node]:
    """A node and all below it, in the order in which they are written."""
    yield root
    for child in root.children:
        yield from nodes(child)


def words(node: Node) -> str:
    return (node.text or b"").decode()


def faults(root: Node) -> list[str]:
    """Where the grammar can't follow."""
    return [
        f"line {node.start_point[0] + 1}: {words(node)[:40]!r}"
        for node in nodes(root)
        if node.is_error or node.is_missing
    ]


def stages(root: Node) -> list[str]:
    """What is done, in order."""
    done = []
    for node in nodes(root):
        if node.type in DOES:
            lines = words(node).splitlines()
            done += [stage for line in lines for stage, sign in STAGES if sign.search(line)]
    return done


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_is_whole_by_its_languages_grammar(name: str) -> None:
    assert faults(parsed(name)) == []


@pytest.mark.parametrize("name", SCRIPTS)
@pytest.mark.parametrize("mark", ["(", "'", "{"])
def test_the_grammar_sees_what_is_broken(name: str, mark: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    at = text.index("exit 1")
    assert faults(parsed(name, text[:at] + f"{mark} " + text[at:]))


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_does_its_stages_in_order(name: str) -> None:
    assert stages(parsed(name)) == [stage for stage, _ in STAGES]


@pytest.mark.parametrize("name", SCRIPTS)
def test_both_try_a_python_alike_and_start_the_same_bootstrap(name: str) -> None:
    said = [node for node in nodes(parsed(name)) if node.is_named]
    literals = {words(node).strip("'\"").removeprefix("$root/") for node in said}
    assert {WORKS, BOOTSTRAP} <= literals
    assert (ROOT / BOOTSTRAP).is_file()
    commands = [words(node) for node in said if node.type == "command"]
    [starts] = [each for each in commands if "production" in each]
    rest = re.sub("['\"]", "", starts).partition(" production ")[2]
    assert rest.split() == ["--", ALL[name]]
