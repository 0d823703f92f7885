from __future__ import annotations

import pytest

from knowctl.checks.selection import Selection
from knowctl.choices import Severity
from knowctl.errors import KnowctlError
from knowctl.model.environment import EnvironmentFacts
from knowctl.model.machine import HostFacts
from knowctl.services import environment
from tests.support.environments import environment_facts
from tests.support.live_checking import host_facts


class Environment:
    """One without a fault, which is asked for extras."""

    asked: tuple[str, ...] | None = None

    def facts(self, extras: tuple[str, ...] = ()) -> EnvironmentFacts:
        self.asked = extras
        return environment_facts(command=None)


class Machine:
    """One without a fault."""

    def facts(self) -> HostFacts:
        return host_facts()


def test_environment_and_machine_are_in_one_report() -> None:
    ports = environment.Ports(Environment(), Machine())
    report = environment.check(ports, Selection())
    ids = [each.id for each in report.findings]
    assert ids == [each.id for each in environment.CHECKED]
    assert (ids[0], ids[-1]) == ("KC201", "KC524")
    assert report.failure is None


def test_a_selection_holds_over_both_and_extras_are_passed_on() -> None:
    probe = Environment()
    selection = Selection(Severity.INFO, ("KC206", "kc520"))
    report = environment.check(environment.Ports(probe, Machine()), selection, ["mysql"])
    assert {each.id: each.outcome.value for each in report.findings} == {
        "KC206": "skipped",
        "KC520": "pass",
    }
    assert (report.fail_level, probe.asked) == (Severity.INFO, ("mysql",))


def test_an_unknown_id_is_refused_before_anything_is_looked_at() -> None:
    probe = Environment()
    with pytest.raises(KnowctlError):
        environment.check(environment.Ports(probe, Machine()), Selection(select=("KC101",)))
    assert probe.asked is None
