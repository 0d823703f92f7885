"""The environment judged: interpreter, packages, and the machine that a server is to run on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from knowctl.checks.catalog import ENVIRONMENT, MACHINE
from knowctl.checks.engine import Check, run
from knowctl.checks.selection import Selection, require_ids, selected
from knowctl.model.environment import EnvironmentFacts
from knowctl.model.findings import Finding, Report
from knowctl.model.machine import HostFacts

SUBJECT: Final = "the environment"
CHECKED: Final[tuple[Check[Any], ...]] = (*ENVIRONMENT, *MACHINE)


class Environment(Protocol):
    """The environment of this process."""

    def facts(self, extras: tuple[str, ...] = ()) -> EnvironmentFacts:
        """What it is, and is to have; KnowctlError where one of the extras is none."""


class Machine(Protocol):
    """The machine that a server is to run on."""

    def facts(self) -> HostFacts:
        """What it allows."""


@dataclass(frozen=True, slots=True)
class Ports:
    """What judging works with."""

    environment: Environment
    machine: Machine


def check(ports: Ports, selection: Selection, extras: Sequence[str] = ()) -> Report:
    """Judge the environment, with these extras beside those that the settings need."""
    require_ids(CHECKED, (*selection.select, *selection.ignore))
    found = findings(ports, extras)
    return Report(SUBJECT, selected(CHECKED, found, selection), selection.fail_level)


def findings(ports: Ports, extras: Sequence[str] = ()) -> tuple[Finding, ...]:
    """What every check of environment and machine says."""
    environment = run(ENVIRONMENT, ports.environment.facts(tuple(extras)))
    return (*environment, *run(MACHINE, ports.machine.facts()))
