from __future__ import annotations

from dataclasses import replace

import pytest

from knowctl.choices import Severity
from knowctl.model.findings import Finding, Outcome, Report
from knowctl.model.results import Result, Where
from knowctl.render.findings import of_finding
from knowctl.render.style import Style
from knowctl.render.text import of_result
from tests.support.styles import ASCII, COLOUR, CYAN, DIM, END, GREEN, PLAIN, RED, YELLOW, told


def finding(
    outcome: Outcome,
    severity: Severity = Severity.ERROR,
    cause: str = "PORT is x",
    where: Where | None = None,
) -> Finding:
    return Finding(
        "KC103", severity, outcome, "Every value holds", cause, "set PORT", where or Where()
    )


PASS = Finding("KC102", Severity.ERROR, Outcome.PASS, "No secret is given twice")
REPORT = Report(
    "the configuration",
    (
        PASS,
        finding(Outcome.FAIL, where=Where(".env", 3, "PORT")),
        finding(Outcome.FAIL, Severity.WARNING, where=Where(variable="PORT")),
        finding(Outcome.FAIL, Severity.INFO),
        finding(Outcome.SKIPPED, cause="needs KC101"),
        finding(Outcome.UNKNOWN, cause="the check could not judge: KeyError"),
    ),
)
TEXTS: list[tuple[Result, Style, str]] = [
    (
        REPORT,
        PLAIN,
        """
        ✔ KC102 No secret is given twice
        ✖ KC103 Every value holds
            PORT is x (.env:3)
            → set PORT
        ! KC103 Every value holds
            PORT is x
            → set PORT
        i KC103 Every value holds
            PORT is x
            → set PORT
        - KC103 Every value holds (skipped: needs KC101)
        ? KC103 Every value holds
            the check could not judge: KeyError
            → set PORT

        6 checked: 1 passed, 1 failed, 1 warned, 1 noted, 1 skipped, 1 unknown
        """,
    ),
    (
        Report("it", (PASS, finding(Outcome.FAIL))),
        ASCII,
        """
        + KC102 No secret is given twice
        x KC103 Every value holds
            PORT is x
            -> set PORT

        2 checked: 1 passed, 1 failed
        """,
    ),
]


@pytest.mark.parametrize(("result", "style", "text"), TEXTS)
def test_a_result_reads_as_it_should(result: Result, style: Style, text: str) -> None:
    assert of_result(result, style) == told(text)


def test_a_report_of_nothing_says_so() -> None:
    assert of_result(Report("it", ()), PLAIN) == "0 checked: nothing"


def test_verbose_adds_where_a_finding_is_explained_unless_all_is_well() -> None:
    verbose = Style(verbose=True)
    explained = replace(finding(Outcome.FAIL), docs="docs/checks.md#kc103")
    assert of_finding(explained, verbose) == told(
        """
        ✖ KC103 Every value holds
            PORT is x
            → set PORT
            docs/checks.md#kc103
        """
    )
    assert "docs/" not in of_finding(explained, PLAIN)
    assert "docs/" not in of_finding(replace(PASS, docs=explained.docs), verbose)


@pytest.mark.parametrize(
    ("one", "begins"),
    [
        (finding(Outcome.FAIL, Severity.ERROR), f"{RED}✖{END}"),
        (finding(Outcome.FAIL, Severity.WARNING), f"{YELLOW}!{END}"),
        (finding(Outcome.FAIL, Severity.INFO), f"{CYAN}i{END}"),
        (finding(Outcome.SKIPPED), f"{DIM}-{END}"),
        (finding(Outcome.UNKNOWN), f"{YELLOW}?{END}"),
        (PASS, f"{GREEN}✔{END}"),
    ],
)
def test_a_finding_begins_with_its_sign(one: Finding, begins: str) -> None:
    assert of_finding(one, COLOUR).startswith(f"{begins} {one.id} ")


def test_a_long_reason_to_skip_is_folded_within_the_width() -> None:
    one = finding(Outcome.SKIPPED, cause="there is no such thing where this one looks for it")
    lines = of_finding(one, PLAIN).splitlines()
    assert len(lines) == 2
    assert max(map(len, lines)) <= PLAIN.width
    assert lines[1].startswith("    ")
    assert " ".join(map(str.strip, lines)) == f"- {one.id} {one.title} (skipped: {one.cause})"


def test_a_long_report_shows_what_did_not_pass() -> None:
    skipped = finding(Outcome.SKIPPED)
    many = (*[PASS] * 20, finding(Outcome.FAIL), skipped, replace(skipped, id="KC999"))
    lines = of_result(Report("it", many), PLAIN).splitlines()
    assert lines[-1].startswith("23 checked: 20 passed, ")
    assert lines[-1].endswith("2 skipped; -v shows each")
    assert not any(line.startswith(("✔", "- KC")) for line in lines)
    assert f"- 2 skipped: {skipped.cause}" in lines
    assert f"    {skipped.id}, KC999" in lines
    each = of_result(Report("it", many), PLAIN._replace(verbose=True)).splitlines()
    assert sum(line.startswith("✔") for line in each) == 20


@pytest.mark.parametrize("result", [each[0] for each in TEXTS])
def test_ascii_style_writes_ascii_and_plain_style_no_escapes(result: Result) -> None:
    assert of_result(result, ASCII).isascii()
    assert "\x1b" not in of_result(result, PLAIN)


def test_a_long_report_in_which_all_passed_is_one_line() -> None:
    assert of_result(Report("it", (PASS,) * 21), PLAIN) == ("21 checked: 21 passed; -v shows each")
