from __future__ import annotations

from dataclasses import replace

import pytest

from knowctl.errors import KnowctlError
from knowctl.model.pool import Sizes
from knowctl.probes.settings import SettingsProbe
from knowctl.services.budget import budget, room_in, sizes_of

ENVIRON = {
    "GUNICORN_THREADS": "4",
    "GUNICORN_WORKERS": "3",
    "WAITRESS_THREADS": "9",
    "DB_POOL_SIZE": "5",
    "DB_MAX_OVERFLOW": "6",
    "REPLICAS": "7",
    "REPLICAS_SURGE": "8",
    "DATABASE_URL": "mariadb://db/app",
}
SIZES = Sizes(threads=4, workers=3, size=5, overflow=6, replicas=7, surge=8)


def test_the_sizes_are_those_of_the_settings() -> None:
    assert sizes_of(SettingsProbe(ENVIRON).facts()) == SIZES


def test_waitress_is_one_process_with_threads_of_its_own() -> None:
    facts = SettingsProbe({**ENVIRON, "SERVER": "waitress"}).facts()
    assert sizes_of(facts) == replace(SIZES, threads=9, workers=1)


def test_what_is_given_counts_instead() -> None:
    found = budget(SettingsProbe(ENVIRON), 2, 50)
    assert found.sizes == replace(SIZES, replicas=2)
    assert found.room.max_connections == 50
    assert budget(SettingsProbe(ENVIRON), None, None).room.max_connections == 151


def test_a_pooler_before_the_database_counts_the_connections() -> None:
    environ = {"DATABASE_URL": "postgresql://db/app", "DB_POOLER": "pgbouncer"}
    assert room_in(SettingsProbe(environ).facts(), None).database == "PgBouncer"


@pytest.mark.parametrize(
    ("name", "value"),
    [("DATABASE_URL", "oracle://x"), ("DB_POOL_SIZE", "x"), ("DATABASE_URL_FILE", "/none")],
)
def test_a_setting_that_counts_and_can_not_be_read_is_a_failure(name: str, value: str) -> None:
    environ = {key: text for key, text in ENVIRON.items() if key != "DATABASE_URL"}
    with pytest.raises(KnowctlError) as raised:
        budget(SettingsProbe({**environ, name: value}), None, None)
    assert name in raised.value.failure.cause


def test_a_setting_that_does_not_count_may_be_wrong() -> None:
    assert budget(SettingsProbe({**ENVIRON, "PORT": "x"}), None, None).sizes == SIZES
