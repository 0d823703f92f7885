"""What is written of checks and settings."""

from __future__ import annotations

from dataclasses import dataclass

from knowctl.model.configuration import SettingProblem
from knowctl.model.results import Succeeded


@dataclass(frozen=True, slots=True)
class CheckText:
    """A check as `docs/checks.md` explains it; its parts are Markdown."""

    id: str
    title: str
    severity: str
    after: tuple[str, ...]
    meaning: str
    why: str
    type: str

    @property
    def docs(self) -> str:
        """Where that stands."""
        return f"docs/checks.md#{self.id.lower()}"


@dataclass(frozen=True, slots=True)
class ExplainedCheck(Succeeded):
    """The answer to a check's id."""

    check: CheckText

    @property
    def data(self) -> object:
        """The parts."""
        fields = {name: getattr(self.check, name) for name in CheckText.__slots__}
        return {"check": {**fields, "docs": self.check.docs}}


@dataclass(frozen=True, slots=True)
class SettingText:
    """A setting as its row in the table says; `default` is in words, and empty where unset."""

    name: str
    help: str
    section: str
    expects: str
    default: str
    secret: bool
    required_outside_development: bool

    @property
    def file(self) -> str | None:
        """The variable that may name a file with the value."""
        return f"{self.name}_FILE" if self.secret else None


@dataclass(frozen=True, slots=True)
class ExplainedSetting(Succeeded):
    """The answer to a setting's name: what it may be, and what it is; `value` is masked.

    `problems` keep it from being what somebody wanted it to be.
    """

    setting: SettingText
    value: str
    origin: str
    checks: tuple[CheckText, ...] = ()
    problems: tuple[SettingProblem, ...] = ()

    @property
    def data(self) -> object:
        """The parts; of the checks that speak of it id and title."""
        fields = {name: getattr(self.setting, name) for name in SettingText.__slots__}
        return {
            "setting": {
                **fields,
                "file": self.setting.file,
                "value": self.value,
                "origin": self.origin,
                "checks": [{"id": each.id, "title": each.title} for each in self.checks],
                "problems": self.problems,
            }
        }
