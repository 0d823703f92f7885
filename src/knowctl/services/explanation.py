"""What a finding or a setting means: found by its name, among what is written of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Protocol

from knowctl.errors import ErrorCode, ExitCode, KnowctlError
from knowctl.model.configuration import SettingProblem, ShownSetting
from knowctl.model.explanation import CheckText, ExplainedCheck, ExplainedSetting, SettingText


class Written(Protocol):
    """What is written of checks and settings, and what the settings are."""

    def checks(self) -> tuple[CheckText, ...]:
        """Every check that has a text."""

    def settings(self) -> Mapping[str, SettingText]:
        """Every setting by name."""

    def effective(self, name: str) -> ShownSetting:
        """What a setting is, masked."""

    def problems(self, name: str) -> tuple[SettingProblem, ...]:
        """What keeps it from being read."""


def explain(written: Written, word: str) -> ExplainedCheck | ExplainedSetting:
    """The text of an id or a setting, in any case; KnowctlError where it is neither."""
    name = word.strip().upper()
    settings = written.settings()
    checks = {each.id: each for each in written.checks()}
    if name in checks:
        return ExplainedCheck(checks[name])
    pointed = {each.file: each for each in settings.values() if each.file}
    setting = settings.get(name) or pointed.get(name)
    if setting is None:
        raise _unknown(word, [*checks, *settings])
    shown = written.effective(setting.name)
    about = speaking_of(setting.name, checks.values())
    return ExplainedSetting(
        setting, shown.value, shown.origin, about, written.problems(setting.name)
    )


def speaking_of(name: str, checks: Iterable[CheckText]) -> tuple[CheckText, ...]:
    """The checks in whose text a setting is named."""
    word = re.compile(rf"\b{re.escape(name)}\b")
    return tuple(each for each in checks if word.search(f"{each.meaning}\n{each.why}\n{each.type}"))


def _unknown(word: str, names: list[str]) -> KnowctlError:
    near = get_close_matches(word.strip().upper(), names, n=3, cutoff=0.5)
    return KnowctlError(
        ErrorCode.USAGE,
        f"there is no check or setting {word[:40]!r}",
        cause=f"near are {', '.join(near)}" if near else "no id and no name is near it",
        hint=f"knowctl config explain {near[0]}"
        if near
        else "knowctl config show lists all settings",
        exit_code=ExitCode.USAGE,
    )
