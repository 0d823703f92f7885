"""For how long a route's answers are kept."""

from __future__ import annotations

from knowalledge_api.routes.kept import kept, kept_for
from tests.support.configuration import settings_of


def view() -> str:
    return ""


def test_the_setting_that_a_view_names_says_for_how_long() -> None:
    declared = kept("cache_ttl_quiz")(lambda: "")
    assert kept_for(declared, settings_of(CACHE_TTL_QUIZ="60")) == 60
    assert kept_for(declared, settings_of()) == 3600


def test_what_declares_nothing_is_made_anew() -> None:
    assert kept_for(view, settings_of()) is None
