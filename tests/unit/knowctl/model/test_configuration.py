from __future__ import annotations

from collections.abc import Callable

import pytest

from knowctl.errors import ErrorCode, Failure
from knowctl.model.configuration import ConfigurationFacts, ShownSetting, ShownSettings
from knowctl.model.results import Where

FactsOf = Callable[..., ConfigurationFacts]


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("localhost", True),
        ("[::1]", True),
        ("unix:/run/x.sock", True),
        ("0.0.0.0", False),
        ("[::]", False),
        ("10.0.0.1", False),
    ],
)
def test_loopback_is_what_only_this_machine_reaches(
    facts_of: FactsOf, host: str, loopback: bool
) -> None:
    assert facts_of(HOST=host).loopback is loopback


def test_facts_tell_the_environment_and_where_values_came_from(facts_of: FactsOf) -> None:
    facts = facts_of(APP_ENV="staging")
    assert (facts.environment, facts.development) == ("staging", False)
    assert facts_of().development
    assert facts.where("PORT") == Where(variable="PORT")
    assert facts.where("APP_ENV").variable == "APP_ENV"


def test_shown_settings_give_their_rows() -> None:
    rows = (ShownSetting("PORT", "5000", "default"),)
    assert ShownSettings(rows).data == {"settings": rows}


def test_settings_that_can_not_be_used_are_shown_and_are_a_failure() -> None:
    rows = (ShownSetting("PORT", "5000", "default"),)
    problem = Failure(ErrorCode.CONFIGURATION, "fact", "cause", "hint")
    assert ShownSettings(rows).failure is None
    assert ShownSettings(rows, problem=problem).failure is problem
    assert ShownSettings(rows, problem=problem).data == {"settings": rows}
