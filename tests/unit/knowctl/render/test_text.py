from __future__ import annotations

import pytest

from knowctl.choices import Severity
from knowctl.errors import ErrorCode, Failure
from knowctl.model.configuration import ShownSetting, ShownSettings
from knowctl.model.findings import Finding, Outcome, Report
from knowctl.render.text import of_failure, of_result, of_step, of_unknown, of_warning
from tests.support.styles import BOLD, COLOUR, CYAN, END, GREEN, NARROW, PLAIN, RED, YELLOW, told

FAILURE = Failure(
    ErrorCode.ADDRESS,
    "can't listen on 127.0.0.1:5000",
    "another program listens there",
    "knowctl health shows whether it is this product; else choose another --bind",
)
PASS = Finding("KC102", Severity.ERROR, Outcome.PASS, "No secret is given twice")


def test_a_warning_is_one_line() -> None:
    assert of_warning("environment", "X is ignored", PLAIN) == "! environment    X is ignored"
    assert of_warning("a", "b", COLOUR).startswith(f"{YELLOW}!{END} a ")


def test_what_is_not_known_has_its_own_sign() -> None:
    assert of_unknown("database", "x", PLAIN) == "? database       x"


def test_a_failure_is_fact_cause_and_next_thing() -> None:
    assert of_failure(FAILURE, PLAIN) == told(
        """
        ✖ can't listen on 127.0.0.1:5000
            another program listens there
            → knowctl health shows whether it is this product; else choose another
            --bind
        """
    )


def test_statements_for_somebody_else_are_not_wrapped() -> None:
    sql = ("CREATE USER \"app\" PASSWORD '…';", 'CREATE DATABASE "knowalledge" OWNER "app";')
    asked = Failure(ErrorCode.REFUSED, "fact", "why", "have this run:", sql=sql)
    assert of_failure(asked, NARROW) == told(
        """
        ✖ fact
            why
            → have this run:
              CREATE USER "app" PASSWORD '…';
              CREATE DATABASE "knowalledge" OWNER "app";
        """
    )


def test_a_failure_fits_a_narrow_terminal() -> None:
    text = of_failure(FAILURE, NARROW)
    assert text == told(
        """
        ✖ can't listen on 127.0.0.1:5000
            another program listens there
            → knowctl health shows whether it is
            this product; else choose another
            --bind
        """
    )
    assert max(map(len, text.splitlines())) <= 40


def test_a_failure_without_a_hint_has_no_arrow() -> None:
    assert of_failure(Failure(ErrorCode.BUG, "fact", "", ""), PLAIN) == "✖ fact"


def test_colours_tell_good_from_bad() -> None:
    assert of_step("address", "http://x", COLOUR) == f"{GREEN}✔{END} address        http://x"
    assert of_failure(Failure(ErrorCode.BUG, "fact", "why", "do"), COLOUR) == (
        f"{RED}✖{END} fact\n    why\n{CYAN}    → do{END}"
    )
    assert of_result(Report("it", (PASS,)), COLOUR) == (
        f"{GREEN}✔{END} KC102 No secret is given twice\n\n{BOLD}1 checked: 1 passed{END}"
    )


def test_a_lone_surrogate_is_no_obstacle() -> None:
    text = of_failure(Failure(ErrorCode.FILE, "\udcff", "\udcff", "\udcff"), PLAIN)
    assert text.count("\udcff") == 3
    shown = of_result(ShownSettings((ShownSetting("A", "\udcff", "\udcff"),)), PLAIN)
    assert "\udcff" in shown


def test_a_thing_that_has_no_text_is_named() -> None:
    with pytest.raises(TypeError, match="no text for int"):
        of_result(3, PLAIN)
