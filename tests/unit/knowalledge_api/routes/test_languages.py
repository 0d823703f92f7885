"""The language of an answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowalledge_api.providers.tasks import Language
from knowalledge_api.routes.languages import chosen_language


@pytest.mark.parametrize(
    ("wanted", "accepted", "language"),
    [
        ("fr", "de", "fr"),
        ("ZH-cn", "de", "zh"),
        ("pt_BR", "de", "en"),
        ("klingon", "de", "en"),
        (5, "de", "en"),
        ({}, "de", "en"),
        (None, "de", "de"),
        ("", "fa-IR,fa;q=0.9,en;q=0.8", "fa"),
        (None, "zh-CN,zh;q=0.9", "zh"),
        (None, "pt, *;q=0.1", "en"),
        (None, "", "en"),
    ],
)
def test_the_body_wins_over_the_header_and_english_over_the_unknown(
    wanted: object, accepted: str, language: str
) -> None:
    assert chosen_language(wanted, accepted) == language


@given(st.text() | st.none() | st.integers(), st.text(max_size=30))
def test_anything_gives_a_language(wanted: object, accepted: str) -> None:
    found = chosen_language(wanted, accepted)
    assert isinstance(found, Language)
