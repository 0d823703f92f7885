from __future__ import annotations

import re
from typing import Any

import pytest

from knowctl.checks.catalog import CONFIGURATION, ENVIRONMENT, LIVE, MACHINE, SCHEMA
from knowctl.checks.engine import Check
from knowctl.model.findings import Outcome
from tests.support.checking import Case, outcomes, prove
from tests.unit.knowctl.checks import (
    test_backends,
    test_configuration,
    test_edge,
    test_environment,
    test_machine,
    test_secrecy,
    test_serving,
)

MODULES = (test_configuration, test_secrecy, test_edge, test_backends, test_serving)
CASES: list[Case] = [case for module in MODULES for case in module.CASES]
SILENT: dict[str, dict[str, str]] = {
    name: environ for module in MODULES for name, environ in module.SILENT.items()
}
Checks = tuple[Check[Any], ...]
EVERY: Checks = (*CONFIGURATION, *ENVIRONMENT, *SCHEMA, *LIVE, *MACHINE)
each_group = pytest.mark.parametrize(
    "checks",
    [CONFIGURATION, ENVIRONMENT, SCHEMA, LIVE, MACHINE],
    ids=["config", "environment", "schema", "live", "machine"],
)


@each_group
def test_ids_are_ordered_and_of_the_public_form(checks: Checks) -> None:
    ids = [each.id for each in checks]
    assert ids == sorted(set(ids))
    assert all(re.fullmatch(r"KC[1-7][0-9]{2}", each) for each in ids)


def test_no_id_is_used_twice() -> None:
    assert len({each.id for each in EVERY}) == len(EVERY)


@each_group
def test_every_need_is_a_check_that_runs_before(checks: Checks) -> None:
    before = {each.id for each in SCHEMA} if checks is LIVE else set()
    for check in checks:
        assert set(check.needs) <= before
        before.add(check.id)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_fault_is_found_named_and_healed_by_its_own_hint(case: Case) -> None:
    prove(case)


@pytest.mark.parametrize("name", SILENT)
def test_what_is_near_to_a_fault_is_none(name: str) -> None:
    assert outcomes(SILENT[name], name) == {Outcome.PASS}


def test_every_check_of_the_configuration_has_a_case_in_which_it_fires() -> None:
    assert {case.id for case in CASES} == {check.id for check in CONFIGURATION}


def test_every_check_of_environment_and_machine_has_a_case_in_which_it_fires() -> None:
    fired = {name for name, *_ in (*test_environment.FAULTS, *test_machine.FAULTS)}
    checks: Checks = (*ENVIRONMENT, *MACHINE)
    assert fired == {check.id for check in checks}


def test_a_title_is_a_fact_that_should_hold() -> None:
    for check in EVERY:
        assert re.fullmatch(r"[A-Z].{8,78}[^.]", check.title)


def test_every_check_has_its_own_judge() -> None:
    judges = [each.judge for each in EVERY]
    assert len(set(judges)) == len(judges)
