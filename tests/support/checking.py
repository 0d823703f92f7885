"""Faults of a configuration, found, named, and healed by their own hints."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from knowctl.checks.catalog import CONFIGURATION
from knowctl.checks.engine import run
from knowctl.choices import Severity
from knowctl.model.findings import Finding, Outcome
from knowctl.model.surroundings import Surroundings
from knowctl.probes.settings import SettingsProbe

KEY = "5d2c81f0a9e47b36c8f1d05e92a7b34c"
PRODUCTION = {"APP_ENV": "production", "SECRET_KEY": KEY}
TLS = {"SSL_CERTFILE": "c.pem", "SSL_KEYFILE": "k.pem"}
POSTGRES = "postgresql://user:password@host/name"
ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO


@dataclass(frozen=True)
class Case:
    """Variables (or the lines of a .env file) that make a check fire, and the hint followed.

    `around` are facts that are found beside the settings, by their field.
    """

    id: str
    severity: Severity
    fires: dict[str, str]
    names: str
    hint: str
    after: dict[str, str]
    file: str = ""
    file_after: str = ""
    mode: int = field(default=0o600)
    around: dict[str, Any] = field(default_factory=dict)
    around_after: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.id}-{self.names}"


def judged(environ: dict[str, str], around: dict[str, Any] | None = None) -> Iterable[Finding]:
    """All findings of an environment, whose surroundings are those given and else none."""
    facts = SettingsProbe(environ).facts()
    if around is not None:
        facts = replace(facts, around=replace(Surroundings(), **around))
    return run(CONFIGURATION, facts)


def findings(
    environ: dict[str, str], name: str, around: dict[str, Any] | None = None
) -> list[Finding]:
    """The findings of one check."""
    return [each for each in judged(environ, around) if each.id == name]


def outcomes(
    environ: dict[str, str], name: str, around: dict[str, Any] | None = None
) -> set[Outcome]:
    """How one check came out."""
    return {each.outcome for each in findings(environ, name, around)}


def env_file(content: str, mode: int) -> None:
    """A .env file in the working directory, or none."""
    path = Path(".env")
    path.unlink(missing_ok=True)
    if content:
        path.write_text(content)
        path.chmod(mode)


def prove(case: Case) -> None:
    """It fires and names what it is about, and does not when its hint was followed."""
    Path("key").write_text(KEY)
    env_file(case.file, case.mode)
    [finding] = findings(case.fires, case.id, case.around or None)
    assert finding.outcome is Outcome.FAIL
    assert finding.severity is case.severity
    assert case.names in finding.cause
    assert case.hint in finding.hint
    assert "canary" not in finding.cause + finding.hint

    env_file(case.file_after or case.file, 0o600)
    healed = {**case.around, **case.around_after} if case.around else None
    assert outcomes(case.after, case.id, healed) == {Outcome.PASS}
