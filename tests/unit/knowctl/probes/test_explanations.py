from __future__ import annotations

from pathlib import Path

import pytest

from knowalledge_api.settings import TABLE
from knowctl.checks import catalog
from knowctl.checks.engine import Check
from knowctl.errors import KnowctlError
from knowctl.probes.explanations import ExplanationsProbe, checks_in
from knowctl.probes.settings import SettingsProbe
from tests.unit.knowctl.conftest import KEY

PAGE = """# Checks

## KC101

It holds (error).

**What it means.** One.

Two.

**Why.** Three.

**What to type.** `four`.

## KC102

It holds (again) (warning, after KC101 and KC103).
"""
CHECKS = [
    check
    for checks in vars(catalog).values()
    if isinstance(checks, tuple)
    for check in checks
    if isinstance(check, Check)
]


def probe(**environ: str) -> ExplanationsProbe:
    return ExplanationsProbe(SettingsProbe(environ))


def test_a_section_is_read_in_parts() -> None:
    first, second = checks_in(PAGE)
    assert (first.id, first.title, first.severity) == ("KC101", "It holds", "error")
    assert (first.meaning, first.why, first.type) == ("One.\n\nTwo.", "Three.", "`four`.")
    assert (second.title, second.severity) == ("It holds (again)", "warning")
    assert (first.after, second.after) == ((), ("KC101", "KC103"))
    assert (second.meaning, second.why, second.type) == ("", "", "")


def test_a_section_without_its_first_line_has_no_title() -> None:
    (found,) = checks_in("## KC101\n\nNothing.\n")
    assert (found.title, found.severity, found.after) == ("", "", ())


@pytest.mark.parametrize("check", CHECKS, ids=[check.id for check in CHECKS])
def test_every_check_of_the_catalogue_is_told_as_it_is(check: Check[object]) -> None:
    (found,) = (each for each in probe().checks() if each.id == check.id)
    assert (found.title, found.severity, found.after) == (check.title, check.severity, check.needs)
    assert found.docs == check.docs
    assert found.meaning
    assert found.why
    assert found.type


def test_the_first_page_that_is_there_is_read(tmp_path: Path) -> None:
    (tmp_path / "two.md").write_text(PAGE, "utf-8")
    pages = (tmp_path / "one.md", tmp_path / "two.md")
    found = ExplanationsProbe(SettingsProbe({}), pages).checks()
    assert [each.id for each in found] == ["KC101", "KC102"]


def test_without_a_page_the_failure_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(KnowctlError) as raised:
        ExplanationsProbe(SettingsProbe({}), (tmp_path / "none.md",)).checks()
    assert "checks.md" in raised.value.failure.cause


def test_every_setting_is_told_as_its_row_says() -> None:
    found = probe().settings()
    assert list(found) == [row.name for row in TABLE]
    workers, key = found["GUNICORN_WORKERS"], found["SECRET_KEY"]
    assert (workers.default, workers.expects) == ("2 x CPU + 1", "a whole number from 1 to 500")
    assert (key.secret, key.required_outside_development, key.section) == (True, True, "Security")


def test_the_effective_value_is_masked() -> None:
    found = probe(SECRET_KEY=KEY).effective("SECRET_KEY")
    assert (found.value, found.origin) == ("********", "environment")


def test_problems_are_those_of_the_setting_and_of_the_file() -> None:
    assert probe(PORT="x", HOST="a b").problems("PORT")[0].cause.startswith("PORT: 'x' is not")
    assert len(probe(PORT="x", HOST="a b").problems("PORT")) == 1
    assert probe(PORT="x").problems("HOST") == ()
    assert probe(SECRET_KEY_FILE="/none").problems("SECRET_KEY")[0].name == "SECRET_KEY_FILE"
    Path(".env").write_bytes(b"PORT=\xff")
    assert probe().problems("HOST")[0].name == ".env"
