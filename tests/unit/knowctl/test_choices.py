from __future__ import annotations

from knowalledge_api.settings import Environment, Server
from knowalledge_api.settings.table import Output as SettingsOutput
from knowctl.choices import EnvironmentName, Output, ServerName, Severity


def test_severities_rank_from_info_to_error() -> None:
    assert sorted(Severity, key=lambda each: each.rank) == [
        Severity.INFO,
        Severity.WARNING,
        Severity.ERROR,
    ]


def test_the_words_of_options_are_those_of_the_settings() -> None:
    assert [*EnvironmentName] == [str(each) for each in Environment]
    assert [*ServerName] == [str(each) for each in Server]
    assert [*Output] == [str(each) for each in SettingsOutput]
