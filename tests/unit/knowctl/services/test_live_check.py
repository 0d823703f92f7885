from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from knowctl.checks.selection import Selection
from knowctl.errors import ErrorCode, ExitCode, KnowctlError
from knowctl.model.configuration import ConfigurationFacts
from knowctl.model.database import SchemaStatus
from knowctl.model.diagnosis import DatabaseFacts, Unanswered
from knowctl.model.findings import Report
from knowctl.model.live_check import RedisFacts
from knowctl.model.machine import HostFacts
from knowctl.model.pool import DatabaseShare
from knowctl.probes.settings import SettingsProbe
from knowctl.services import configuration, live_check, schema_check
from knowctl.services.live_check import Ports
from tests.support.live_checking import DATABASE, POSTGRESQL, REDIS, SHARE, SIZES, host_facts
from tests.unit.knowctl.conftest import FakeDatabase, HandClock, Talked
from tests.unit.knowctl.services.test_schema_check import Compared, FakeLinter


def away() -> KnowctlError:
    return KnowctlError(ErrorCode.DATABASE, "gone", cause="it went away", hint="try again")


@dataclass
class Server:
    """Says that all is well, or nothing."""

    gone: bool = False
    asked: list[str] = field(default_factory=list)

    def facts(self, *, long_transaction: float, lock_wait: float) -> DatabaseFacts:
        assert (long_transaction, lock_wait) > (0, 0)
        self._ask("facts")
        return DATABASE

    def share(self, instance: str) -> DatabaseShare:
        self._ask(f"share of {instance}")
        return SHARE

    def ahead(self) -> float:
        self._ask("clock")
        return 5.0

    def _ask(self, what: str) -> None:
        self.asked.append(what)
        if self.gone:
            raise away()


@dataclass
class Redis:
    """Says that all is well, nothing, or that there is none."""

    gone: bool = False
    known: RedisFacts | None = REDIS

    def facts(self) -> RedisFacts | None:
        if self.gone:
            raise away()
        return self.known

    def ahead(self) -> float | Unanswered | None:
        return Unanswered("not permitted", "permit it")


class Ai:
    """An AI that nobody has to ask."""

    def describe(self) -> float | None:
        return None


class Machine:
    """A machine without limits."""

    def facts(self) -> HostFacts:
        return host_facts()


@dataclass(frozen=True)
class Source:
    known: ConfigurationFacts

    def facts(self) -> ConfigurationFacts:
        return self.known


def opened(
    database: FakeDatabase | None = None, server: Server | None = None, redis: Redis | None = None
) -> Callable[[], Ports]:
    schema = schema_check.Ports(
        database or FakeDatabase(), Compared(), FakeLinter(), HandClock().clock, Talked()
    )
    made = Ports(schema, server or Server(), redis or Redis(), Ai(), Machine(), SIZES, "5000")
    return lambda: made


def unusable() -> Ports:
    raise KnowctlError(ErrorCode.CONFIGURATION, "no", cause="PORT", hint="mend it")


def check(
    open_: Callable[[], Ports], *select: str, ignore: tuple[str, ...] = (), **env: str
) -> Report:
    source = Source(SettingsProbe({"DATABASE_URL": POSTGRESQL, **env}).facts())
    return live_check.check(source, open_, Selection(select=select, ignore=ignore))


def outcomes(report: Report) -> dict[str, str]:
    return {each.id: each.outcome.value for each in report.findings}


def test_configuration_schema_and_what_is_live_are_in_one_report_in_this_order() -> None:
    found = list(outcomes(check(opened())))
    assert found.index("KC101") < found.index("KC701") < found.index("KC310") < found.index("KC330")
    assert found[-1] == "KC524"


def test_all_that_need_a_database_are_skipped_and_not_asked_where_it_is_away() -> None:
    server = Server()
    found = outcomes(check(opened(FakeDatabase(silent=9), server)))
    assert found["KC310"] == "fail"
    assert {found[each] for each in ("KC313", "KC330", "KC332", "KC335")} == {"skipped"}
    assert server.asked == []
    assert found["KC522"] == "unknown"
    assert found["KC410"] == "pass"


def test_a_database_that_goes_away_meanwhile_leaves_the_rest_unknown() -> None:
    found = outcomes(check(opened(server=Server(gone=True))))
    assert {found[each] for each in ("KC330", "KC331", "KC332", "KC333", "KC335")} == {"unknown"}


def test_a_redis_that_is_away_is_a_warning_and_its_clock_is_not_asked() -> None:
    report = check(opened(redis=Redis(gone=True)))
    found = outcomes(report)
    assert (found["KC410"], found["KC413"], report.failure) == ("fail", "skipped", None)
    assert [each.cause for each in report.findings if each.id == "KC522"] == [
        "the clock of the database is 5.0 s ahead of this machine's"
    ]


@pytest.mark.parametrize("redis", [Redis(known=None)])
def test_where_no_redis_is_configured_nothing_is_asked_of_it(redis: Redis) -> None:
    assert outcomes(check(opened(redis=redis)))["KC410"] == "skipped"


def test_settings_that_can_not_be_used_skip_all_that_is_live_with_the_reason() -> None:
    report = check(unusable, PORT="x")
    live = [each for each in report.findings if each.id >= "KC310" and each.id[2] in "345"]
    skipped = {each.id for each in live if each.cause == "needs KC103"}
    assert {"KC310", "KC317", "KC330", "KC410", "KC520", "KC524"} <= skipped


def test_a_selected_check_brings_what_kept_it_from_being_judged() -> None:
    assert outcomes(check(unusable, "KC330", PORT="x")) == {"KC103": "fail", "KC330": "skipped"}
    gone = check(opened(FakeDatabase(silent=9)), "kc330")
    assert outcomes(gone) == {"KC310": "fail", "KC330": "skipped"}
    assert outcomes(check(opened(), "KC101", "KC313", "KC411", "KC520", ignore=("KC313",))) == {
        "KC101": "pass",
        "KC411": "pass",
        "KC520": "pass",
    }


def test_an_id_that_is_none_is_refused_before_anything_is_asked() -> None:
    with pytest.raises(KnowctlError, match="KC999") as told:
        check(unusable, "KC999")
    assert told.value.failure.exit_code is ExitCode.USAGE


def test_offline_a_live_id_is_refused_with_the_way_and_may_be_ignored() -> None:
    source = Source(SettingsProbe({}).facts())
    with pytest.raises(KnowctlError) as told:
        configuration.check(source, select=("kc330",))
    assert told.value.failure.hint == "knowctl config check --live --select KC330"
    assert told.value.failure.exit_code is ExitCode.USAGE
    assert configuration.check(source, ignore=("KC330", "KC310")).failure is None


def test_a_schema_that_is_behind_does_not_keep_the_rest_from_being_judged() -> None:
    found = outcomes(check(opened(FakeDatabase((SchemaStatus.BEHIND,)))))
    assert (found["KC313"], found["KC332"]) == ("fail", "pass")


def test_a_guess_at_the_connections_does_not_stand_where_the_database_was_asked() -> None:
    found = outcomes(check(opened(), GUNICORN_WORKERS="5"))
    assert (found["KC305"], found["KC330"]) == ("skipped", "pass")
    found = outcomes(check(opened(server=Server(gone=True)), GUNICORN_WORKERS="5"))
    assert (found["KC305"], found["KC330"]) == ("fail", "unknown")
    assert outcomes(check(opened(), GUNICORN_WORKERS="1"))["KC305"] == "pass"
