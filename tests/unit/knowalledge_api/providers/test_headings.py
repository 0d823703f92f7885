"""How a topic is divided, in each language."""

from __future__ import annotations

from string import Formatter

from knowalledge_api.providers.headings import HEADINGS
from knowalledge_api.providers.protocol import SUBTOPICS, Language


def test_each_language_has_as_many_headings_each_about_the_topic() -> None:
    assert set(HEADINGS) == set(Language)
    for headings in HEADINGS.values():
        assert len(headings) == SUBTOPICS
        for heading in headings:
            assert [name for _, name, _, _ in Formatter().parse(heading) if name] == ["topic"]
