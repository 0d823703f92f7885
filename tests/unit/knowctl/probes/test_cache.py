from __future__ import annotations

import pytest

from knowctl.errors import ErrorCode, KnowctlError
from knowctl.probes.cache import CacheProbe
from tests.support.configuration import PASSWORD, settings_of


def test_without_a_redis_nothing_is_cleared() -> None:
    assert CacheProbe(settings_of()).clear_cache("a") is None


def test_a_redis_that_is_away_is_a_failure_without_its_password(tmp_path: object) -> None:
    url = f"unix://:{PASSWORD}@{tmp_path}/nobody.sock"
    with pytest.raises(KnowctlError) as caught:
        CacheProbe(settings_of(REDIS_URL=url)).clear_cache(None)
    failure = caught.value.failure
    assert failure.code is ErrorCode.REDIS
    assert "nobody.sock" in failure.cause
    assert PASSWORD not in f"{failure}"
