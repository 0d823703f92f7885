"""How good content is, as far as its form tells."""

from __future__ import annotations

import pytest

from knowalledge_api.providers.tasks import DivideTopic, Explain, Explanation, Language, Recommend
from knowalledge_api.services.quality import GOOD, judge, length

DIVIDE = DivideTopic(topic="CI/CD")
HEADINGS = tuple(f"heading {number}" for number in range(15))


@pytest.mark.parametrize(
    ("headings", "score"),
    [
        (HEADINGS, 1.0),
        ((*HEADINGS[:12], "Heading 1", " ", "x" * 301), 0.8),
        (("CI/CD",) * 15, 0.07),
        ((), 0.0),
    ],
)
def test_subtopics_are_the_share_that_can_be_used(headings: tuple[str, ...], score: float) -> None:
    judged = judge(DIVIDE, headings)
    assert judged.score == score
    assert bool(judged.warnings) == (score < 1)


@pytest.mark.parametrize(
    ("language", "text", "score", "warned"),
    [
        (Language.ENGLISH, "word " * 100, 1.0, False),
        (Language.ENGLISH, "word " * 130, 1.0, False),
        (Language.ENGLISH, "word " * 70, 0.7, False),
        (Language.ENGLISH, "word " * 30, 0.3, True),
        (Language.CHINESE, "字" * 160, 1.0, False),
        (Language.JAPANESE, "字" * 80, 0.5, True),
    ],
)
def test_an_explanation_is_as_long_as_was_asked(
    language: Language, text: str, score: float, warned: bool
) -> None:
    task = Explain(topic="a", subtopic="b", level="c", words=100, language=language)
    judged = judge(task, Explanation(text, "x", "y"))
    assert (judged.score, bool(judged.warnings)) == (score, warned)


def test_what_was_checked_before_is_good() -> None:
    assert judge(Recommend(topic="a"), ()) is GOOD


def test_languages_without_blanks_are_measured_in_characters() -> None:
    assert length("量子力学 量子力学", Language.CHINESE) == 5
    assert length("two words", Language.GERMAN) == 2
