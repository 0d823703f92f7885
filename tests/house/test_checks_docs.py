"""`docs/checks.md` explains every check, and nothing that is none."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import PurePosixPath
from typing import Any

import pytest

from knowctl.checks import catalog
from knowctl.checks.engine import Check
from tests.support.rooms import ROOT

RANGES = {
    "1": "configuration and security",
    "2": "environment and dependencies",
    "3": "database and pool",
    "4": "Redis",
    "5": "server",
    "6": "routes and authentication",
    "7": "AI provider",
}
PARTS = ("What it means", "Why", "What to type")
CHECKS = [
    check
    for checks in vars(catalog).values()
    if isinstance(checks, tuple)
    for check in checks
    if isinstance(check, Check)
]
every_check = pytest.mark.parametrize("check", CHECKS, ids=[check.id for check in CHECKS])


def page(name: str = "docs/checks.md") -> str:
    return (ROOT / name).read_text("utf-8")


def sections() -> dict[str, str]:
    """The text below each heading of the second level, by heading."""
    _, *rest = re.split(r"^## (.+)\n", page(), flags=re.MULTILINE)
    return dict(zip(rest[::2], rest[1::2], strict=True))


def part(section: str, title: str) -> str:
    """What stands behind a bold title, up to the next one."""
    found = re.search(rf"^\*\*{title}\.\*\* (.*?)(?=^\*\*|\Z)", section, re.MULTILINE | re.DOTALL)
    return found[1].strip() if found else ""


def test_every_check_has_a_heading_in_the_order_of_the_ids() -> None:
    headings = re.findall(r"^## (.+)$", page(), re.MULTILINE)
    assert headings == sorted(check.id for check in CHECKS)


def test_every_id_is_used_once() -> None:
    assert [
        each for each, times in Counter(check.id for check in CHECKS).items() if times > 1
    ] == []


@every_check
def test_an_id_is_of_a_range_that_the_page_names(check: Check[Any]) -> None:
    number = re.fullmatch(r"KC([1-7])\d\d", check.id)
    assert number
    assert f"| KC{number[1]}xx | {RANGES[number[1]]} |" in page()


@every_check
def test_a_check_is_shown_with_its_title_severity_and_needs(check: Check[Any]) -> None:
    needs = f", after {' and '.join(check.needs)}" if check.needs else ""
    assert sections()[check.id].startswith(f"\n{check.title} ({check.severity}{needs}).\n")


@every_check
@pytest.mark.parametrize("title", PARTS)
def test_a_check_is_explained_in_three_parts(check: Check[Any], title: str) -> None:
    assert len(part(sections()[check.id], title)) > len("as above")


@every_check
def test_what_to_type_can_be_typed(check: Check[Any]) -> None:
    assert "`" in part(sections()[check.id], "What to type")


@every_check
def test_the_place_that_a_finding_points_to_is_there(check: Check[Any]) -> None:
    path, _, anchor = check.docs.partition("#")
    assert PurePosixPath(path).parts[0] == "docs"
    headings = re.findall(r"^#+ (.+)$", page(path), re.MULTILINE)
    assert anchor in {heading.lower().replace(" ", "-") for heading in headings}
