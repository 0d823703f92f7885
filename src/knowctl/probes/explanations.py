"""Reads what is written of checks and settings: the page that the wheel carries, and the table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

from knowalledge_api.settings import TABLE
from knowctl.errors import ErrorCode, KnowctlError
from knowctl.model.configuration import SettingProblem, ShownSetting
from knowctl.model.explanation import CheckText, SettingText
from knowctl.probes.settings import SettingsProbe

PAGES: Final[tuple[Traversable, ...]] = (
    files("knowctl") / "checks.md",
    Path(__file__).parents[3] / "docs" / "checks.md",
)
"""In the wheel, and in a checkout."""
_SECTION: Final = re.compile(r"^## (KC\d+)\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
_HEAD: Final = re.compile(r"^(.+) \((\w+)(?:, after (.+))?\)\.$", re.MULTILINE)
_PART: Final = re.compile(r"^\*\*(.+?)\.\*\* (.*?)(?=^\*\*|\Z)", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class ExplanationsProbe:
    """What is written, and the configuration that it is about."""

    source: SettingsProbe
    pages: tuple[Traversable, ...] = PAGES

    def checks(self) -> tuple[CheckText, ...]:
        """Every check of the page."""
        return tuple(checks_in(_first_of(self.pages)))

    def settings(self) -> Mapping[str, SettingText]:
        """Every setting by name."""
        return {
            row.name: SettingText(
                row.name,
                row.help,
                row.section,
                row.kind.expects,
                row.default_text,
                row.secret,
                row.required_outside_development,
            )
            for row in TABLE
        }

    def effective(self, name: str) -> ShownSetting:
        """What a setting is, masked."""
        return self.source.shown((name,), with_origin=True).settings[0]

    def problems(self, name: str) -> tuple[SettingProblem, ...]:
        """What keeps this setting, or the .env file, from being read."""
        barred = {name, f"{name}_FILE", str(self.source.env_file or Path(".env"))}
        return tuple(each for each in self.source.facts().problems if each.name in barred)


def checks_in(page: str) -> Iterable[CheckText]:
    """The sections of `docs/checks.md`; a house test holds it to the shape that is read here."""
    for name, text in _SECTION.findall(page):
        head = _HEAD.search(text)
        parts = {title: words.strip() for title, words in _PART.findall(text)}
        yield CheckText(
            id=name,
            title=head[1] if head else "",
            severity=head[2] if head else "",
            after=tuple(re.findall(r"KC\d+", head[3] or "")) if head else (),
            meaning=parts.get("What it means", ""),
            why=parts.get("Why", ""),
            type=parts.get("What to type", ""),
        )


def _first_of(pages: Iterable[Traversable]) -> str:
    for page in pages:
        if page.is_file():
            return page.read_text(encoding="utf-8")
    raise KnowctlError(
        ErrorCode.FILE,
        "what is written of the checks can't be read",
        cause="checks.md is neither in the installed package nor in a checkout around it",
        hint="install the wheel again",
    )
