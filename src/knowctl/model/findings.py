"""What checks find: outcomes, one by one and together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from knowctl.choices import Severity
from knowctl.errors import ErrorCode, ExitCode, Failure
from knowctl.model.results import Where


class Outcome(StrEnum):
    """What became of a check; unknown is not bad, skipped is not passed."""

    PASS = "pass"  # noqa: S105 -- the outcome, no password
    FAIL = "fail"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one check; `title` is the fact that should hold."""

    id: str
    severity: Severity
    outcome: Outcome
    title: str
    cause: str = ""
    hint: str = ""
    where: Where = field(default_factory=Where)
    docs: str = ""

    @property
    def level(self) -> Severity | None:
        """What it counts as against a fail level; an unknown outcome counts as a warning."""
        if self.outcome is Outcome.FAIL:
            return self.severity
        return Severity.WARNING if self.outcome is Outcome.UNKNOWN else None


@dataclass(frozen=True, slots=True)
class Report:
    """All findings of a checking command, passes included, judged against a fail level.

    `timed_out_after` is how many seconds a command waited in vain for it to be otherwise.
    """

    subject: str
    findings: tuple[Finding, ...]
    fail_level: Severity = Severity.ERROR
    timed_out_after: float | None = None

    @property
    def failing(self) -> tuple[Finding, ...]:
        """The findings at or over the fail level."""
        return tuple(
            each for each in self.findings if each.level and each.level.rank >= self.fail_level.rank
        )

    @property
    def summary(self) -> Mapping[str, int]:
        """How many findings had each outcome."""
        counts = Counter(each.outcome for each in self.findings)
        return {outcome.value: counts[outcome] for outcome in Outcome}

    @property
    def failure(self) -> Failure | None:
        """Set when a finding is at or over the fail level."""
        if not self.failing:
            return None
        first = self.failing[0]
        cause = f"{first.id}: {first.cause}"
        message = f"{len(self.failing)} of {len(self.findings)} findings bar {self.subject}"
        if self.timed_out_after is None:
            return Failure(ErrorCode.FINDINGS, message, cause, first.hint)
        message += f" after {self.timed_out_after:g} s"
        return Failure(ErrorCode.TIMED_OUT, message, cause, first.hint, ExitCode.TIMED_OUT)

    @property
    def data(self) -> object:
        """`findings` and `summary`, the shape that others rely on."""
        return {"findings": self.findings, "summary": self.summary}
