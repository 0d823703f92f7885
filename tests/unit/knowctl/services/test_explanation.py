from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from knowctl.errors import ExitCode, KnowctlError
from knowctl.model.configuration import SettingProblem, ShownSetting
from knowctl.model.explanation import CheckText, ExplainedCheck, ExplainedSetting, SettingText
from knowctl.model.results import Where
from knowctl.services.explanation import explain, speaking_of

HOSTS = CheckText("KC101", "One", "error", (), "Of `HOST=x`.", "So.", "`ls`")
OTHER = CheckText("KC102", "Two", "error", (), "Of TRUSTED_HOSTS.", "So.", "`unset PORT`")
PROBLEM = SettingProblem("value", "PORT", "cause", "hint", Where(variable="PORT"))


def text(name: str, *, secret: bool = False) -> SettingText:
    return SettingText(
        name, "help", "Server", "text", "", secret, required_outside_development=False
    )


@dataclass(frozen=True)
class Page:
    """What is written, for a test."""

    def checks(self) -> tuple[CheckText, ...]:
        return (HOSTS, OTHER)

    def settings(self) -> Mapping[str, SettingText]:
        names = (text("HOST"), text("PORT"), text("SECRET_KEY", secret=True))
        return {each.name: each for each in names}

    def effective(self, name: str) -> ShownSetting:
        return ShownSetting(name, f"value of {name}", "here")

    def problems(self, name: str) -> tuple[SettingProblem, ...]:
        return (PROBLEM,) if name == "PORT" else ()


def refused(word: str) -> KnowctlError:
    with pytest.raises(KnowctlError) as raised:
        explain(Page(), word)
    return raised.value


@pytest.mark.parametrize("word", ["KC102", "kc102", " Kc102 "])
def test_an_id_is_found_in_any_case(word: str) -> None:
    assert explain(Page(), word) == ExplainedCheck(OTHER)


@pytest.mark.parametrize("word", ["PORT", "port"])
def test_a_setting_is_told_with_its_value_its_checks_and_its_problems(word: str) -> None:
    found = explain(Page(), word)
    expected = ExplainedSetting(text("PORT"), "value of PORT", "here", (OTHER,), (PROBLEM,))
    assert found == expected


def test_the_variable_that_names_a_secrets_file_is_the_secret() -> None:
    found = explain(Page(), "secret_key_file")
    assert isinstance(found, ExplainedSetting)
    assert found.setting.name == "SECRET_KEY"
    assert refused("PORT_FILE").failure.hint == "knowctl config explain PORT"


def test_a_check_speaks_of_a_setting_by_its_whole_name() -> None:
    assert speaking_of("HOST", (HOSTS, OTHER)) == (HOSTS,)
    assert speaking_of("TRUSTED_HOSTS", (HOSTS, OTHER)) == (OTHER,)
    assert speaking_of("INSTANCE", (HOSTS, OTHER)) == ()


def test_an_unknown_word_is_told_the_nearest_ones() -> None:
    failure = refused("PROT").failure
    assert failure.exit_code is ExitCode.USAGE
    assert failure.cause == "near are PORT, HOST"
    assert failure.hint == "knowctl config explain PORT"


def test_a_word_that_nothing_is_near_to_is_told_where_all_are() -> None:
    failure = refused("x" * 99).failure
    assert failure.message == f"there is no check or setting '{'x' * 40}'"
    assert failure.hint == "knowctl config show lists all settings"
