"""Which findings a report shows: those selected, with what kept them from judging."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from knowctl.checks.engine import Check, F
from knowctl.choices import Severity
from knowctl.errors import ErrorCode, ExitCode, KnowctlError
from knowctl.model.findings import Finding


@dataclass(frozen=True, slots=True)
class Selection:
    """What a person asks of a report: ids alone or left out, and from which level it fails."""

    fail_level: Severity = Severity.ERROR
    select: Sequence[str] = field(default=())
    ignore: Sequence[str] = field(default=())


def selected(
    checks: Sequence[Check[F]], findings: Iterable[Finding], selection: Selection
) -> tuple[Finding, ...]:
    """The findings of a selection; an id that is none is refused.

    A selected check brings what it needs along where that failed: skipped is not passed.
    """
    wanted, unwanted = require_ids(checks, selection.select), require_ids(checks, selection.ignore)
    needed = _needs_of(checks, wanted)
    return tuple(
        each
        for each in findings
        if each.id not in unwanted
        and (not wanted or each.id in wanted or (each.id in needed and each.level))
    )


def require_ids(checks: Sequence[Check[F]], names: Iterable[str]) -> frozenset[str]:
    """The ids of these names, in any case; KnowctlError where one of them is none."""
    ids = frozenset(name.upper() for name in names)
    unknown = sorted(ids - {each.id for each in checks})
    if unknown:
        raise KnowctlError(
            ErrorCode.USAGE,
            f"there is no check {unknown[0]}",
            cause=f"ids look like {checks[0].id}; docs/checks.md lists them",
            hint="the same command without --select and --ignore shows every id",
            exit_code=ExitCode.USAGE,
        )
    return ids


def _needs_of(checks: Sequence[Check[F]], wanted: frozenset[str]) -> frozenset[str]:
    """All that the wanted checks need, directly or through another."""
    needs = {each.id: frozenset(each.needs) for each in checks}
    found: frozenset[str] = frozenset()
    ahead = wanted
    while ahead:
        ahead = frozenset().union(*(needs[each] for each in ahead)) - found
        found |= ahead
    return found
