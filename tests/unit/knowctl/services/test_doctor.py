from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from knowctl.checks.catalog import CONFIGURATION, ENVIRONMENT, LIVE, MACHINE, ROUTES, SCHEMA
from knowctl.checks.engine import Check
from knowctl.checks.selection import Selection
from knowctl.errors import ErrorCode, KnowctlError
from knowctl.model.bundle import LogTail
from knowctl.model.environment import Need
from knowctl.model.findings import Finding
from knowctl.model.routes import RouteFacts
from knowctl.probes.settings import SettingsProbe
from knowctl.services import doctor, environment, schema_check
from knowctl.services.bundle import Ports as BundlePorts
from knowctl.services.routes import Application
from tests.support.environments import PACKAGES, environment_facts
from tests.support.live_checking import POSTGRESQL
from tests.unit.knowctl.conftest import FakeDatabase, HandClock, Talked
from tests.unit.knowctl.services.test_bundle import Archive
from tests.unit.knowctl.services.test_bundle import ports as bundle_ports
from tests.unit.knowctl.services.test_environment import Environment, Machine
from tests.unit.knowctl.services.test_live_check import opened
from tests.unit.knowctl.services.test_schema_check import Compared, FakeLinter

GROUPS: dict[str, tuple[Check[Any], ...]] = {
    "config": CONFIGURATION,
    "environment": ENVIRONMENT,
    "schema": SCHEMA,
    "live": LIVE,
    "machine": MACHINE,
    "routes": ROUTES,
}
IDS = {name: [each.id for each in group] for name, group in GROUPS.items()}


class Routes:
    """An application without a route."""

    def facts(self) -> RouteFacts:
        return RouteFacts()


class Incomplete:
    """An environment in which a package is missing."""

    def facts(self, _extras: tuple[str, ...] = ()) -> Any:
        need = Need("flask", "flask>=3", "knowctl", None, allowed=False)
        return environment_facts(packages=replace(PACKAGES, needs=(need,)))


def refuse() -> Any:
    raise KnowctlError(ErrorCode.DATABASE, "fact", cause="no way in", hint="find one")


def missing() -> Any:
    raise ModuleNotFoundError("No module named 'flask'", name="flask")


def schema() -> schema_check.Ports:
    return schema_check.Ports(FakeDatabase(), Compared(), FakeLinter(), HandClock().clock, Talked())


def ports(
    around: environment.Environment | None = None,
    schema_: Callable[[], schema_check.Ports] = schema,
    application: Callable[[], Application] = Routes,
    **environ: str,
) -> doctor.Ports:
    configured = SettingsProbe({"DATABASE_URL": POSTGRESQL, **environ})
    return doctor.Ports(
        configured,
        environment.Ports(around or Environment(), Machine()),
        schema_,
        opened(),
        application,
    )


def by_id(found: tuple[Finding, ...]) -> dict[str, Finding]:
    return {each.id: each for each in found}


def outcomes(found: tuple[Finding, ...], group: str) -> set[str]:
    return {by_id(found)[name].outcome.value for name in IDS[group]}


@pytest.mark.parametrize("live", [False, True])
def test_all_is_in_one_report_in_the_order_of_the_ids(*, live: bool) -> None:
    found = doctor.examine(ports(), live=live)
    groups = {name: ids for name, ids in IDS.items() if live or name != "live"}
    assert [each.id for each in found] == sorted(each for ids in groups.values() for each in ids)
    assert outcomes(found, "routes") == {"pass"}


def test_live_the_database_itself_overrules_what_is_guessed() -> None:
    assert by_id(doctor.examine(ports(), live=False))["KC305"].outcome.value == "fail"
    assert by_id(doctor.examine(ports(), live=True))["KC305"].outcome.value == "skipped"


@pytest.mark.parametrize("live", [False, True])
def test_settings_that_can_not_be_used_bar_what_asks_and_nothing_else(*, live: bool) -> None:
    examined = replace(ports(schema_=refuse, application=refuse, PORT="x"), live=refuse)
    found = doctor.examine(examined, live=live)
    for group in ("schema", "routes", *(["live"] if live else [])):
        assert {by_id(found)[name].cause for name in IDS[group]} == {"needs KC103"}
    assert "pass" in outcomes(found, "environment") & outcomes(found, "machine")


def test_a_package_that_is_missing_is_to_blame_for_what_can_not_be_asked() -> None:
    found = doctor.examine(ports(Incomplete(), missing, missing), live=False)
    assert {by_id(found)[name].cause for name in (*IDS["schema"], *IDS["routes"])} == {
        "needs KC210"
    }


@pytest.mark.parametrize(
    ("failing", "cause", "hint"),
    [
        (refuse, "no way in", "find one"),
        (missing, "flask can't be imported", "knowctl env check"),
    ],
)
def test_where_nothing_is_to_blame_it_is_unknown_and_why(
    failing: Callable[[], Any], cause: str, hint: str
) -> None:
    found = doctor.examine(ports(application=failing), live=False)
    told = {
        (each.outcome.value, each.cause, each.hint) for each in found if each.id in IDS["routes"]
    }
    assert told == {("unknown", cause, hint)}


def test_a_selection_brings_along_what_is_to_blame() -> None:
    examined = ports(schema_=refuse, PORT="x")
    report = doctor.check(examined, Selection(select=("KC313", "KC203")), live=False)
    assert [each.id for each in report.findings] == ["KC103", "KC203", "KC313"]
    assert report.failure is not None


def test_an_id_that_is_none_or_needs_live_is_refused() -> None:
    with pytest.raises(KnowctlError, match="there is no check KC999"):
        doctor.check(ports(), Selection(ignore=("KC999",)), live=False)
    with pytest.raises(KnowctlError, match="KC330 is not judged without --live") as refused:
        doctor.check(ports(), Selection(select=("kc330",)), live=False)
    assert refused.value.failure.hint == "knowctl doctor --live --select KC330"
    report = doctor.check(ports(), Selection(select=("kc330",), ignore=("KC331",)), live=True)
    assert [each.id for each in report.findings] == ["KC330"]


def test_a_bundle_holds_all_findings_whatever_is_selected() -> None:
    archive = Archive()
    bundle: BundlePorts = bundle_ports(archive, LogTail())
    report = doctor.check(ports(), Selection(select=("KC203",)), live=False, bundle=bundle)
    assert [each.id for each in report.findings] == ["KC203"]
    assert "report.json" in archive.members


def test_a_bundle_that_has_no_place_is_refused_before_anything_is_asked() -> None:
    class Full(Archive):
        def require(self) -> None:
            refuse()

    bundle = bundle_ports(Full(), LogTail())
    examined = ports(schema_=missing)
    with pytest.raises(KnowctlError, match="fact"):
        doctor.check(examined, Selection(), live=False, bundle=bundle)
