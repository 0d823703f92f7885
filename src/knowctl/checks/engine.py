"""How checks are run: in order, each on its own, what one needs before it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from knowctl.choices import Severity
from knowctl.model.findings import Finding, Outcome
from knowctl.model.results import Where

F = TypeVar("F")
"""The facts that a group of checks judges."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One way in which a fact does not hold, and the next thing to type."""

    cause: str
    hint: str
    where: Where = field(default_factory=Where)


class NotJudged(Exception):  # noqa: N818 -- no error: an outcome
    """A judge's word that there is nothing to judge (skipped), or no way to (unknown)."""

    def __init__(self, outcome: Outcome, cause: str, hint: str) -> None:
        super().__init__(cause)
        self.outcome = outcome
        self.fault = Fault(cause, hint)


@dataclass(frozen=True, slots=True)
class Check(Generic[F]):
    """A check is data: its public id, the fact that should hold, and how to judge it.

    `needs` names checks without whose pass this one has nothing to judge.
    """

    id: str
    severity: Severity
    title: str
    judge: Callable[[F], Iterable[Fault]]
    needs: tuple[str, ...] = ()

    @property
    def docs(self) -> str:
        """Where it is explained."""
        return f"docs/checks.md#{self.id.lower()}"


def run(
    checks: Iterable[Check[F]], facts: F, before: Iterable[Finding] = ()
) -> tuple[Finding, ...]:
    """Judge the facts; a check that raises becomes unknown and never ends the run.

    `before` are findings of checks that some of these need.
    """
    findings: list[Finding] = []
    # of what did not pass: the check that is to blame
    roots = {each.id: each.id for each in before if each.outcome is not Outcome.PASS}
    for check in checks:
        root = next((roots[need] for need in check.needs if need in roots), None)
        found = list(_skip(check, root) if root else _judge(check, facts))
        findings.extend(found)
        if any(each.outcome is not Outcome.PASS for each in found):
            roots[check.id] = root or check.id
    return tuple(findings)


def skip(checks: Iterable[Check[Any]], need: str) -> tuple[Finding, ...]:
    """All of them skipped, since one that they need did not pass and there are no facts."""
    return tuple(each for check in checks for each in _skip(check, need))


def unknown(checks: Iterable[Check[Any]], cause: str, hint: str) -> tuple[Finding, ...]:
    """All of them unknown, since there was no way to their facts."""
    return tuple(_finding(each, Outcome.UNKNOWN, Fault(cause, hint)) for each in checks)


def _skip(check: Check[Any], need: str) -> Iterator[Finding]:
    yield _finding(check, Outcome.SKIPPED, Fault(f"needs {need}", f"mend {need} first"))


def _judge(check: Check[F], facts: F) -> Iterator[Finding]:
    try:
        faults = list(check.judge(facts))
    except NotJudged as told:
        yield _finding(check, told.outcome, told.fault)
        return
    except Exception as error:  # noqa: BLE001 -- whatever a check trips over must not hide the others
        cause = f"the check could not judge: {type(error).__name__}"
        hint = "report this as a bug, with the output of knowctl config show"
        yield _finding(check, Outcome.UNKNOWN, Fault(cause, hint))
        return
    for fault in faults:
        yield _finding(check, Outcome.FAIL, fault)
    if not faults:
        yield _finding(check, Outcome.PASS, Fault("", ""))


def _finding(check: Check[F], outcome: Outcome, fault: Fault) -> Finding:
    return Finding(
        id=check.id,
        severity=check.severity,
        outcome=outcome,
        title=check.title,
        cause=fault.cause,
        hint=fault.hint,
        where=fault.where,
        docs=check.docs,
    )
