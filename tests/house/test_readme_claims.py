"""README claims nothing that no test or benchmark shows, unless it says that it is open."""

from __future__ import annotations

import re

import pytest

from tests.support.rooms import ROOT

README = (ROOT / "README.md").read_text()
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
PROMISES = [*(f"R{number}" for number in range(1, 14)), *(f"F{number}" for number in range(1, 7))]
CAPABILITIES = [str(number) for number in range(1, 16)]
OLD_WAYS = (
    "gunicorn --config gunicorn_config.py wsgi:application",
    "from database import init_database",
    "python main.py",
    "./start_production.sh",
    "alembic upgrade head",
    "docker run -p 5000:5000 --env-file .env knowalledge-api",
)


def row(label: str) -> str:
    """The row that begins so, of the tables that claim something."""
    claims = README[README.index("\n## What it does, and what shows it\n") :]
    [found] = re.findall(rf"^\| {re.escape(label)} \|.*$", claims, re.MULTILINE)
    return str(found)


def test_every_link_leads_somewhere() -> None:
    relative = [link for link in LINK.findall(README) if "://" not in link]
    assert relative
    assert [link for link in relative if not (ROOT / link).exists()] == []


@pytest.mark.parametrize("label", PROMISES)
def test_a_promise_is_shown_by_a_test_or_a_benchmark_or_says_why_it_is_open(label: str) -> None:
    found = row(label)
    assert [link for link in LINK.findall(found) if link.startswith(("tests/", "benchmarks/"))]
    assert "open" not in found or re.search(r"open: .{10,}", found)


@pytest.mark.parametrize("label", [each for each in CAPABILITIES if each != "14"])
def test_a_capability_is_shown_by_a_test(label: str) -> None:
    links = LINK.findall(row(label))
    assert links
    assert all(link.startswith("tests/") for link in links)


@pytest.mark.parametrize("old", OLD_WAYS)
def test_each_old_way_has_its_new_one(old: str) -> None:
    [found] = [
        line
        for line in README.splitlines()
        if line.startswith("|") and line[2:].startswith(f"`{old}")
    ]
    assert len(found.split("|")[2].strip()) > 5
