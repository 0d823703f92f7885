from __future__ import annotations

import re
from typing import Any

import pytest

from knowctl.checks.catalog import CONFIGURATION, LIVE, SCHEMA
from knowctl.checks.engine import Check
from tests.unit.knowctl.checks import (
    test_backends,
    test_configuration,
    test_edge,
    test_secrecy,
    test_serving,
)

Checks = tuple[Check[Any], ...]
EVERY: Checks = (*CONFIGURATION, *SCHEMA, *LIVE)
each_group = pytest.mark.parametrize(
    "checks", [CONFIGURATION, SCHEMA, LIVE], ids=["config", "schema", "live"]
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


def test_every_check_of_the_configuration_has_a_case_in_which_it_fires() -> None:
    cases = (
        *test_configuration.CASES,
        *test_secrecy.CASES,
        *test_edge.CASES,
        *test_backends.CASES,
        *test_serving.CASES,
    )
    assert {case.id for case in cases} == {check.id for check in CONFIGURATION}


def test_a_title_is_a_fact_that_should_hold() -> None:
    for check in EVERY:
        assert re.fullmatch(r"[A-Z].{8,78}[^.]", check.title)


def test_every_check_has_its_own_judge() -> None:
    judges = [each.judge for each in EVERY]
    assert len(set(judges)) == len(judges)
