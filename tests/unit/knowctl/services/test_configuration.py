from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from knowctl.choices import Severity
from knowctl.errors import ErrorCode, ExitCode, KnowctlError
from knowctl.model.configuration import ConfigurationFacts
from knowctl.model.results import WrittenFile
from knowctl.probes.env_file import EnvFileProbe
from knowctl.probes.settings import SettingsProbe
from knowctl.services import configuration

FactsOf = Callable[..., ConfigurationFacts]


@dataclass(frozen=True)
class Source:
    known: ConfigurationFacts

    def facts(self) -> ConfigurationFacts:
        return self.known


@dataclass
class FakeFile:
    """Counts the secrets that it makes and keeps what is written."""

    made: int = 0
    written: dict[str, str] = field(default_factory=dict)
    forced: bool = False

    def secret(self) -> str:
        self.made += 1
        return f"secret-{self.made}"

    def write(self, values: Mapping[str, str], *, force: bool) -> WrittenFile:
        self.written, self.forced = dict(values), force
        return WrittenFile(".env", "settings")


@pytest.fixture
def faulty(facts_of: FactsOf) -> Source:
    return Source(facts_of(HOST="0.0.0.0", DATABSE_URL="x"))


def test_all_checks_are_reported_in_order(faulty: Source) -> None:
    report = configuration.check(faulty)
    assert [each.id for each in report.findings][:2] == ["KC101", "KC102"]
    assert report.summary["fail"] == 2
    assert [each.id for each in report.failing] == ["KC110"]


def test_the_fail_level_decides_what_fails(faulty: Source) -> None:
    report = configuration.check(faulty, fail_level=Severity.WARNING)
    assert [each.id for each in report.failing] == ["KC105", "KC110"]


def test_select_shows_these_findings_alone_in_any_case(faulty: Source) -> None:
    report = configuration.check(faulty, select=["kc110", "KC101"])
    assert [each.id for each in report.findings] == ["KC101", "KC110"]


def test_select_brings_along_what_kept_a_check_from_judging(facts_of: FactsOf) -> None:
    source = Source(facts_of(PORT="x", SECRET_KEY_FILE="missing", DATABSE_URL="x"))
    report = configuration.check(source, select=["KC110"])
    assert [(each.id, each.outcome.value) for each in report.findings] == [
        ("KC101", "fail"),
        ("KC103", "fail"),
        ("KC110", "skipped"),
    ]
    assert report.failure
    assert report.summary == {"pass": 0, "fail": 2, "skipped": 1, "unknown": 0}


def test_what_is_needed_can_be_ignored_and_is_left_out_where_it_passed(facts_of: FactsOf) -> None:
    source = Source(facts_of(PORT="x"))
    report = configuration.check(source, select=["KC110"], ignore=["KC103"])
    assert [each.id for each in report.findings] == ["KC110"]
    passed = configuration.check(Source(facts_of()), select=["KC110"])
    assert [each.id for each in passed.findings] == ["KC110"]


def test_ignore_leaves_findings_out_even_selected_ones(faulty: Source) -> None:
    assert configuration.check(faulty, ignore=["kc110"]).failure is None
    assert configuration.check(faulty, select=["KC110"], ignore=["KC110"]).findings == ()


@pytest.mark.parametrize(("select", "ignore"), [(["KC101", "nope"], []), ([], ["nope"])])
def test_an_unknown_id_is_wrong_usage(faulty: Source, select: list[str], ignore: list[str]) -> None:
    with pytest.raises(KnowctlError) as raised:
        configuration.check(faulty, select=select, ignore=ignore)
    failure = raised.value.failure
    assert (failure.code, failure.exit_code) == (ErrorCode.USAGE, ExitCode.USAGE)
    assert failure.message == "there is no check NOPE"


def test_development_begins_with_a_key_and_no_more() -> None:
    file = FakeFile()
    configuration.initialise(file, "development", force=False)
    assert file.written == {"APP_ENV": "development", "SECRET_KEY": "secret-1"}
    assert not file.forced


def test_production_begins_safe_with_secrets_of_its_own() -> None:
    file = FakeFile()
    configuration.initialise(file, "production", force=True)
    assert file.written["HOST"] == "127.0.0.1"
    assert {file.written["SECRET_KEY"], file.written["METRICS_TOKEN"]} == {"secret-1", "secret-2"}
    assert file.forced


@pytest.mark.parametrize("environment", ["development", "staging", "production"])
def test_what_is_begun_passes_its_own_checks(environment: str) -> None:
    configuration.initialise(EnvFileProbe(Path(".env")), environment, force=False)
    report = configuration.check(SettingsProbe({}))
    assert report.failure is None
    assert not report.summary["skipped"]
