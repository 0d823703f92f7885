from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from knowctl.checks.engine import Check, Fault, NotJudged, run, skip
from knowctl.choices import Severity
from knowctl.model.configuration import ConfigurationFacts
from knowctl.model.findings import Outcome
from knowctl.model.results import Where


def passes(_: ConfigurationFacts) -> Iterator[Fault]:
    yield from ()


def fails(_: ConfigurationFacts) -> Iterator[Fault]:
    yield Fault("one", "do one", Where("a.env", 3, "X"))
    yield Fault("two", "do two")


def raises(_: ConfigurationFacts) -> Iterator[Fault]:
    yield Fault("half a finding", "never shown")
    raise ZeroDivisionError("secret-canary")


@pytest.fixture
def facts(facts_of: Callable[..., ConfigurationFacts]) -> ConfigurationFacts:
    return facts_of()


def check(
    name: str, judge: Callable[..., Iterator[Fault]], *needs: str
) -> Check[ConfigurationFacts]:
    return Check(name, Severity.ERROR, f"Title of {name}", judge, needs)


def test_a_check_that_raises_is_unknown_and_the_next_still_runs(facts: ConfigurationFacts) -> None:
    first, second = run((check("KC1", raises), check("KC2", passes)), facts)
    assert (first.id, first.outcome, first.level) == ("KC1", Outcome.UNKNOWN, Severity.WARNING)
    assert "ZeroDivisionError" in first.cause
    assert "secret-canary" not in first.cause
    assert first.hint
    assert (second.id, second.outcome) == ("KC2", Outcome.PASS)


@pytest.mark.parametrize("outcome", [Outcome.SKIPPED, Outcome.UNKNOWN])
def test_a_judge_may_say_that_it_can_not_judge(facts: ConfigurationFacts, outcome: Outcome) -> None:
    def judge(_: ConfigurationFacts) -> Iterator[Fault]:
        yield Fault("half a finding", "never shown")
        raise NotJudged(outcome, "no tool", "install it")

    first, second = run((check("KC1", judge), check("KC2", passes, "KC1")), facts)
    assert (first.outcome, first.cause, first.hint) == (outcome, "no tool", "install it")
    assert second.outcome is Outcome.SKIPPED


@pytest.mark.parametrize("judge", [fails, raises])
def test_a_check_without_what_it_needs_is_skipped_with_the_reason(
    facts: ConfigurationFacts, judge: Callable[..., Iterator[Fault]]
) -> None:
    found = run((check("KC1", judge), check("KC2", raises, "KC0", "KC1")), facts)
    assert found[-1].outcome is Outcome.SKIPPED
    assert (found[-1].cause, found[-1].hint) == ("needs KC1", "mend KC1 first")


def test_skipping_is_passed_on(facts: ConfigurationFacts) -> None:
    chain = (check("KC1", raises), check("KC2", passes, "KC1"), check("KC3", passes, "KC2"))
    skipped = run(chain, facts)[1:]
    assert [each.outcome for each in skipped] == [Outcome.SKIPPED, Outcome.SKIPPED]
    assert {each.cause for each in skipped} == {"needs KC1"}, "what is to blame is named"


def test_a_check_whose_need_passed_is_judged(facts: ConfigurationFacts) -> None:
    found = run((check("KC1", passes), check("KC2", fails, "KC1")), facts)
    assert [each.outcome for each in found] == [Outcome.PASS, Outcome.FAIL, Outcome.FAIL]


def test_every_outcome_is_in_the_report_and_every_fault_a_finding(
    facts: ConfigurationFacts,
) -> None:
    checks = (
        check("KC1", passes),
        check("KC2", fails),
        check("KC3", raises),
        check("KC4", passes, "KC2"),
    )
    found = run(checks, facts)
    assert [(each.id, each.outcome.value) for each in found] == [
        ("KC1", "pass"),
        ("KC2", "fail"),
        ("KC2", "fail"),
        ("KC3", "unknown"),
        ("KC4", "skipped"),
    ]
    assert (found[1].cause, found[1].hint) == ("one", "do one")
    assert found[1].where == Where("a.env", 3, "X")
    assert found[1].title == "Title of KC2"
    assert found[1].docs == "docs/checks.md#kc2"


def test_what_was_found_before_counts_as_a_need(facts: ConfigurationFacts) -> None:
    before = run((check("KC1", fails), check("KC2", passes)), facts)
    found = run((check("KC3", raises, "KC1"), check("KC4", passes, "KC2")), facts, before)
    assert [each.outcome for each in found] == [Outcome.SKIPPED, Outcome.PASS]


def test_checks_without_facts_are_skipped_with_the_need() -> None:
    [found] = skip((check("KC3", raises),), "KC1")
    assert (found.id, found.outcome, found.cause) == ("KC3", Outcome.SKIPPED, "needs KC1")
