"""The environment: an interpreter that fits, of one place, with all that is declared in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from knowctl.checks.engine import Fault, NotJudged
from knowctl.model.environment import EnvironmentFacts, Need
from knowctl.model.findings import Outcome
from knowctl.model.results import Where

RELEASED: Final = 1_767_225_600
"""2026-01-01: before this nothing of this release was written."""
YEAR: Final = 365.25 * 86_400
LIFE: Final = 30 * YEAR
"""Longer than any release is run: a clock that says more has lost its battery, or a digit."""
DAY: Final = 86_400
ON_PATH: Final = Where(variable="PATH")


def installed(facts: EnvironmentFacts) -> Iterator[Fault]:
    """This distribution is installed where it runs, and it is this code."""
    own = facts.packages.own
    if own is None:
        cause = f"{facts.interpreter.executable} runs the code, and knows no package called knowctl"
        yield Fault(cause, _installing(facts))
    elif own.elsewhere:
        cause = f"the code of {own.code} runs, and what is installed is {own.elsewhere}"
        yield Fault(cause, "unset PYTHONPATH, or leave the directory that holds another copy")
    elif own.version != own.code_version:
        cause = f"its metadata say {own.version}, and its code is {own.code_version}"
        yield Fault(cause, _installing(facts))


def interpreter(facts: EnvironmentFacts) -> Iterator[Fault]:
    """The interpreter is of a version that this release is made for."""
    _require_reader(facts)
    found = facts.interpreter
    if found.fits is False:
        cause = f"{found.executable} is Python {found.version}, and {found.wanted} is asked for"
        yield Fault(
            cause, "install such a Python, then start_production.sh: it finds the newest one"
        )


def isolated(facts: EnvironmentFacts) -> Iterator[Fault]:
    """What runs is a virtual environment's."""
    found = facts.interpreter
    if not found.isolated:
        cause = f"{found.executable} is the system's own: its packages change with the system"
        hint = "knowctl env create, then .venv/bin/knowctl; in a container: --ignore KC203"
        yield Fault(cause, hint)


def activated(facts: EnvironmentFacts) -> Iterator[Fault]:
    """The environment that is activated is there, and the one that runs."""
    found, prefix = facts.activated, facts.interpreter.prefix
    if found is None:
        return
    where = Where(variable="VIRTUAL_ENV")
    if found.trouble:
        cause = f"VIRTUAL_ENV is {found.path}: {found.trouble}"
        yield Fault(cause, f"deactivate, then: . {prefix}/bin/activate", where)
    elif not found.runs:
        cause = f"{found.path} is activated, and {prefix} runs"
        yield Fault(cause, f". {prefix}/bin/activate, or run {found.path}/bin/knowctl", where)


def unmoved(facts: EnvironmentFacts) -> Iterator[Fault]:
    """The commands of the environment start its own interpreter."""
    for script in facts.strays:
        cause = f"{script.path} starts {script.starts}: the environment was moved or copied"
        yield Fault(cause, _anew(facts), Where(file=script.path, line=1))


def command(facts: EnvironmentFacts) -> Iterator[Fault]:
    """What a shell finds as knowctl is this one."""
    if facts.command is None:
        hint = f"{facts.own_command or facts.interpreter.executable + ' -m knowctl'} is its name"
        raise NotJudged(Outcome.SKIPPED, "no knowctl is on PATH", hint)
    if facts.command != facts.own_command:
        cause = f"a shell finds {facts.command}, and this is {facts.own_command or 'no command'}"
        hint = f'export PATH="{facts.interpreter.prefix}/bin:$PATH"; hash -r'
        yield Fault(cause, hint, ON_PATH)


def complete(facts: EnvironmentFacts) -> Iterator[Fault]:
    """What is declared is there."""
    _require_reader(facts)
    for need in facts.packages.needs:
        if need.installed is None and not need.extra:
            cause = f"{need.by} needs {need.asked}, which is not installed"
            yield Fault(cause, _pip(facts, need))


def allowed(facts: EnvironmentFacts) -> Iterator[Fault]:
    """What is declared is there at a version that is allowed."""
    _require_reader(facts)
    for need in facts.packages.needs:
        if need.installed is not None and not need.allowed and not need.extra:
            cause = f"{need.by} needs {need.asked}, and {need.installed} is installed"
            yield Fault(cause, _pip(facts, need))


def extras(facts: EnvironmentFacts) -> Iterator[Fault]:
    """The extras that settings or options ask for are there."""
    _require_reader(facts)
    for extra in facts.packages.extras:
        lacking = [n for n in facts.packages.needs if n.extra == extra.name and not n.holds]
        for need in lacking:
            there = f"{need.installed} is installed" if need.installed else "it is not installed"
            cause = f"{extra.reason} asks for the extra {extra.name}: {need.asked}, and {there}"
            yield Fault(cause, _pip(facts, need), _place(extra.reason))


def agreeing(facts: EnvironmentFacts) -> Iterator[Fault]:
    """No installed package asks for what another rules out."""
    _require_reader(facts)
    for need in facts.packages.conflicts:
        there = f"{need.installed} is installed" if need.installed else "it is not installed"
        yield Fault(f"{need.by} needs {need.asked}, and {there}", _pip(facts, need))


def whole(facts: EnvironmentFacts) -> Iterator[Fault]:
    """Each package is there once, with its metadata."""
    for each in facts.packages.broken:
        remove = f"rm -r {' '.join(each.paths)}"
        again = f"{facts.pip} install --force-reinstall --no-deps {each.name}"
        yield Fault(each.cause, again if each.name else remove)


def locked(facts: EnvironmentFacts) -> Iterator[Fault]:
    """What the lock pins is installed at that version."""
    _require_reader(facts)
    lock = facts.packages.lock
    if lock is None:
        hint = "knowctl env create installs from a lock, in a checkout of the source"
        raise NotJudged(Outcome.SKIPPED, "there is no lock here", hint)
    for pin in lock.different:
        cause = f"the lock pins {pin.name} {pin.version}, and {pin.installed} is installed"
        hint = f"{facts.pip} install --no-deps --require-hashes -r {lock.path}"
        yield Fault(cause, hint, Where(file=lock.path, line=pin.line))


def clock(facts: EnvironmentFacts) -> Iterator[Fault]:
    """The clock says what it can say."""
    cause = ""
    if facts.now < RELEASED:
        cause = "the clock says a time before this release was written"
    elif facts.now > RELEASED + LIFE:
        cause = "the clock says a time decades after this release"
    elif facts.installed_at is not None and facts.now < facts.installed_at - DAY:
        days = (facts.installed_at - facts.now) / DAY
        cause = f"by the clock this was installed {days:.0f} days from now"
    if cause:
        yield Fault(
            f"{cause}: tokens and certificates are judged by it", "timedatectl set-ntp true"
        )


def _require_reader(facts: EnvironmentFacts) -> None:
    if facts.packages.unread:
        hint = f"{facts.pip} install packaging"
        raise NotJudged(Outcome.UNKNOWN, facts.packages.unread, hint)


def _pip(facts: EnvironmentFacts, need: Need) -> str:
    return f"{facts.pip} install '{need.asked}'"


def _installing(facts: EnvironmentFacts) -> str:
    return f"{facts.pip} install --no-deps {facts.checkout or 'knowctl'}"


def _anew(facts: EnvironmentFacts) -> str:
    if facts.checkout:
        return f"{facts.checkout}/start_production.sh makes it anew, or: knowctl env create"
    return f"make it anew: python3 -m venv --clear {facts.interpreter.prefix}"


def _place(reason: str) -> Where:
    return Where() if reason.startswith("-") else Where(variable=reason)
