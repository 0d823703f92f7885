from __future__ import annotations

from pathlib import Path

import pytest

from knowalledge_api.database.schema import migrate
from knowctl.errors import ErrorCode, KnowctlError
from knowctl.probes.cache import CacheProbe
from knowctl.probes.migrations import TOPICS, MigrationsProbe
from tests.support.configuration import PASSWORD, settings_of, sqlite_settings


def test_without_a_redis_nothing_is_cleared() -> None:
    assert CacheProbe(settings_of()).clear_cache("a") is None


def test_content_of_a_namespace_is_dropped_and_topics_stay(tmp_path: Path) -> None:
    settings = sqlite_settings(tmp_path)
    migrate(settings)
    MigrationsProbe(settings).seed()
    assert CacheProbe(settings).clear_contents("quizzes") == 0
    assert CacheProbe(settings).clear_contents("subtopics") == len(TOPICS)
    MigrationsProbe(settings).seed()
    assert CacheProbe(settings).clear_contents(None) == len(TOPICS)


def test_a_database_that_is_not_there_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(KnowctlError):
        CacheProbe(sqlite_settings(tmp_path / "nowhere")).clear_contents(None)


def test_a_redis_that_is_away_is_a_failure_without_its_password(tmp_path: Path) -> None:
    url = f"unix://:{PASSWORD}@{tmp_path}/nobody.sock"
    with pytest.raises(KnowctlError) as caught:
        CacheProbe(settings_of(REDIS_URL=url)).clear_cache(None)
    failure = caught.value.failure
    assert failure.code is ErrorCode.REDIS
    assert "nobody.sock" in failure.cause
    assert PASSWORD not in f"{failure}"
