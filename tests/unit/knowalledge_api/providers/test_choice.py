"""Which provider the settings ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from knowalledge_api.providers.choice import make_provider
from tests.support.configuration import settings_of

if TYPE_CHECKING:
    import pytest


def test_without_a_key_content_is_written_offline(caplog: pytest.LogCaptureFixture) -> None:
    assert make_provider(settings_of()).source == "offline"
    assert not caplog.records


def test_a_key_that_is_not_used_yet_is_a_warning_without_the_key(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert make_provider(settings_of(GOOGLE_API_KEY="canary")).source == "offline"
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "canary" not in caplog.text
